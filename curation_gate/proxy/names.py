"""Names of proxies, judged without torch."""

from __future__ import annotations

from pathlib import Path

from curation_gate.errors import ModelError

A_PROXY = (
    "a proxy is a folder with config.json, model.safetensors and a tokenizer, or the name of such "
    "a model on a hub (that needs a network)"
)


def check_proxy(name: str) -> None:
    """Raise ModelError where a name is plainly that of a folder which holds no model.

    Reads no file, so that a typing error is told before the work that comes ahead of the proxy.
    """
    folder = Path(name)
    if folder.is_dir():
        if name not in ("scratch", "embedded") and not (folder / "config.json").is_file():
            raise ModelError(
                f"cannot load the proxy {name!r}: the folder has no config.json", hint=A_PROXY
            )
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(
            f"no such folder: {name}", hint="--proxy takes a folder, a hub name or scratch"
        )
