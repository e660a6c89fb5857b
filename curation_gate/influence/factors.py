"""EK-FAC factors of the fine-tuned proxy, fitted by kronfluence, with a cache that can be trusted.

kronfluence keys its own cache by a name alone: another data set under that name silently returns
the old numbers. Here the name is a hash of the weights, the rows and the arguments, and what
is loaded is checked before it is used (a truncated file would fail much later, at scoring).

EK-FAC: George et al. 2018, arXiv 1806.03884; for influence: Grosse et al. 2023, arXiv 2308.03296.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from curation_gate.atomic import library_errors
from curation_gate.influence.task import Examples, ProxyTask, loader_options
from curation_gate.progress import Progress, Silent
from curation_gate.proxy.batches import Encoded
from curation_gate.proxy.model import tracked_modules

if TYPE_CHECKING:
    from kronfluence.analyzer import Analyzer

    from curation_gate.proxy.model import Proxy

FACTORS = "ekfac"
"""Name of the factors inside their own folder."""
BATCH_ROWS = 32
"""Rows a batch in kronfluence; more does not help on a CPU."""


@dataclass(frozen=True, slots=True)
class Factors:
    """The eigenbasis and eigenvalues of the Fisher's Kronecker factors, for each tracked module."""

    folder: Path
    names: tuple[str, ...]
    activation_basis: Mapping[str, Tensor]
    """name -> [in, in], eigenvectors in columns (in + 1 with a bias)."""
    gradient_basis: Mapping[str, Tensor]
    """name -> [out, out]"""
    eigenvalues: Mapping[str, Tensor]
    """name -> [out, in], corrected eigenvalues: mean squared projected gradient (float64)."""

    def precondition(
        self, gradient: Mapping[str, Tensor], damping: float | None
    ) -> dict[str, Tensor]:
        """Return (F + lambda I)^-1 g for each module: [out, in].

        damping: lambda as a share of the module's mean eigenvalue (kronfluence's heuristic is 0.1);
        None: no preconditioner at all, the plain gradient.
        """
        if damping is None:
            return {name: gradient[name].clone() for name in self.names}
        result: dict[str, Tensor] = {}
        for name in self.names:
            g = gradient[name].double().cpu()
            basis_g, basis_a = self.gradient_basis[name], self.activation_basis[name]
            values = self.eigenvalues[name]
            rotated = basis_g.T @ g @ basis_a
            rotated /= values + damping * values.mean() + torch.finfo(torch.float32).tiny
            result[name] = (basis_g @ rotated @ basis_a.T).float().to(gradient[name].device)
        return result


def sample_rows(n: int, size: int, seed: int) -> np.ndarray[Any, Any]:
    """Sorted indices of `size` rows drawn without replacement (all of them where n is smaller)."""
    if n <= size:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, size=size, replace=False))


def fit_factors(
    proxy: Proxy,
    encoded: Encoded,
    *,
    cache: Path,
    factor_rows: int = 2000,
    lambda_rows: int = 1000,
    seed: int = 0,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Factors:
    """Return the factors of the proxy on (a sample of) the rows, from the cache where it can.

    factor_rows: rows behind the covariances; lambda_rows: rows behind the eigenvalues (a quarter of
    the rows kept 17 to 20 of the top 20 in a trial).
    """
    chosen = sample_rows(len(encoded.targets), factor_rows, seed)
    sample = Encoded([encoded.sources[i] for i in chosen], [encoded.targets[i] for i in chosen])
    folder = cache / f"factors-{_key(proxy, sample, lambda_rows, seed)}"
    names = tracked_modules(proxy.model)
    factors = _load(make_analyzer(proxy, folder), folder, names)
    if factors is not None:
        progress.say("EK-FAC factors: found in the cache")
        return factors
    shutil.rmtree(folder, ignore_errors=True)
    total = len(chosen) + min(lambda_rows, len(chosen))
    with progress.stage("EK-FAC factors", total) as bar:
        analyzer = make_analyzer(proxy, folder)
        with library_errors(folder):
            _fit(analyzer, proxy, sample, lambda_rows, seed)
        bar.advance(total)
    factors = _load(analyzer, folder, names)
    assert factors is not None
    return factors


def make_analyzer(proxy: Proxy, folder: Path) -> Analyzer:
    """Return a kronfluence analyzer over a frozen copy of the proxy, writing below `folder`."""
    from kronfluence.analyzer import Analyzer, prepare_model  # noqa: PLC0415 - three seconds

    for name in ("kronfluence", "Analyzer", "kronfluence.analyzer"):
        logging.getLogger(name).setLevel(logging.ERROR)
    names = tracked_modules(proxy.model)
    task = ProxyTask(proxy.kind, names)
    model = prepare_model(copy.deepcopy(proxy.model).eval(), task)
    analyzer = Analyzer(
        "proxy",
        model,
        task,
        cpu=proxy.device.type == "cpu",
        disable_tqdm=True,
        disable_model_save=True,
        log_level=logging.ERROR,
        output_dir=str(folder),
    )
    analyzer.set_dataloader_kwargs(loader_options(proxy.kind, proxy.pad_id)())
    return analyzer


def _fit(analyzer: Analyzer, proxy: Proxy, sample: Encoded, lambda_rows: int, seed: int) -> None:
    from kronfluence.arguments import FactorArguments  # noqa: PLC0415

    arguments = FactorArguments(strategy="ekfac", lambda_max_examples=lambda_rows)
    if proxy.device.type == "cuda":
        arguments.amp_dtype = torch.bfloat16
    # The eigenvalues are fitted on the first rows of the data set: give it a random order there.
    examples = Examples(sample)
    examples.order = np.random.default_rng(seed).permutation(len(examples))
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # kronfluence's own, about torch.cuda.amp
        torch.manual_seed(seed)  # the Fisher's labels are drawn from the model
        analyzer.fit_all_factors(
            FACTORS,
            examples,
            per_device_batch_size=BATCH_ROWS,
            factor_args=arguments,
            overwrite_output_dir=True,
        )


def _load(analyzer: Analyzer, folder: Path, names: list[str]) -> Factors | None:
    """Factors from the cache; None where there are none or where they are damaged."""
    try:
        eigen = analyzer.load_eigendecomposition(FACTORS)
        spectrum = analyzer.load_lambda_matrices(FACTORS)
        if eigen is None or spectrum is None:
            return None
        basis_a = {n: eigen["activation_eigenvectors"][n].double() for n in names}
        basis_g = {n: eigen["gradient_eigenvectors"][n].double() for n in names}
        values = {
            n: spectrum["lambda_matrix"][n].double() / spectrum["num_lambda_processed"][n].double()
            for n in names
        }
    except Exception:  # noqa: BLE001 - whatever is wrong with a cache: fit anew
        return None
    for n in names:
        shape = (basis_g[n].shape[0], basis_a[n].shape[0])
        if values[n].shape != shape or not bool(torch.isfinite(values[n]).all()):
            return None
    return Factors(folder, tuple(names), basis_a, basis_g, values)


def _key(proxy: Proxy, sample: Encoded, lambda_rows: int, seed: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(proxy.weights_hash().encode())
    digest.update(json.dumps([sample.sources, sample.targets, lambda_rows, seed]).encode())
    return digest.hexdigest()
