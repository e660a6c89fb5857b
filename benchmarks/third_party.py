"""What a scan finds in poisoned and honest sets that others made, beside simpler scans.

    python benchmarks/third_party.py --sets label --forms own          # a few minutes
    python benchmarks/third_party.py -o benchmarks/third_party.md      # every set in every form

The sets lie beside the repository (third_party_forms.py) and nothing was fitted on them. Each is
judged by the rules of the default pack that need no fine-tuned proxy, with their defaults, and by
the scans of simple_scans.py; the truth is used to score and for nothing else. Cover rows count as
honest. Results are added to a JSON Lines file as they come, each under a hash of the code behind
it: a run that is stopped goes on where it was, and a changed detector leaves the other lines valid.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import numpy as np
import simple_scans
import third_party_page
from pools import REPOSITORY
from third_party_forms import DEFAULT_DATA, FORMS, KINDS, ThirdParty, find, load
from third_party_named import NAMED, named_by, share_planted

from curation_gate.errors import CurateError
from curation_gate.redteam.evaluate import score

if TYPE_CHECKING:
    from curation_gate.judging import Judged
    from curation_gate.rows.record import Dataset

RUNS = REPOSITORY / "runs" / "third_party"
PRODUCT = "product"
SIMPLE: Mapping[str, Callable[[Dataset], simple_scans.Scan]] = {
    "n-gram scan": simple_scans.ngram_scan,
    "pure n-gram scan": simple_scans.pure_ngram_scan,
    "payload scan": simple_scans.payload_scan,
    "label issues": simple_scans.label_issues,
}
"""Part to the scan it measures."""
ORACLE = "label alone (oracle)"
PARTS = (PRODUCT, *SIMPLE, ORACLE)
OWN = ("third_party", "third_party_forms", "third_party_named")
"""Files of the benchmark that decide a figure."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Work:
    """A set in one form, and what judges it."""

    chosen: ThirdParty
    form: str
    part: str
    code: str
    """Hash of the code behind the figures."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what tells this work from other work."""
        return self.chosen.name, self.form, self.part, self.code


def plan(sets: Iterable[ThirdParty], options: argparse.Namespace) -> tuple[list[Work], list[str]]:
    """Return the work that is asked for, and the (set, form) that cannot be had, in words."""
    product, simple = code_hash(product=True), code_hash(product=False)
    work, without = [], []
    for chosen in sets:
        asked = any(part in chosen.name for part in options.only.split(","))
        if chosen.kind not in options.sets or not asked:
            continue
        for form in dict.fromkeys(chosen.own if f == "own" else f for f in options.forms):
            if form != chosen.own and not chosen.convertible:
                without.append(f"{chosen.name}: no place in the form {form} for turns and calls")
                continue
            work += [
                Work(chosen, form, part, product if part == PRODUCT else simple)
                for part in options.parts
            ]
    return work, without


def measure(work: Work) -> dict[str, Any]:
    """Return the figures of one scan of one set in one form, JSON-able. Raises InputError."""
    dataset = load(work.chosen, work.form, RUNS)
    planted = work.chosen.mask(len(dataset))
    cover = work.chosen.cover_mask(len(dataset))
    review = np.zeros(len(dataset), dtype=np.bool_)
    started = time.perf_counter()
    if work.part == PRODUCT:
        judged = _judge(dataset)
        seconds = time.perf_counter() - started
        verdict = np.array(judged.verdicts.verdict)
        review = verdict == "review"
        flags, scores = verdict == "quarantine", judged.verdicts.score.astype(np.float64)
        named = named_by(judged, dataset, planted)
    else:
        if work.part == ORACLE:
            scan = simple_scans.label_oracle(dataset, planted)
        else:
            scan = SIMPLE[work.part](dataset)
        seconds = time.perf_counter() - started
        flags, scores = scan.flags, scan.scores
        named = [
            {"phrase": text, "planted": share_planted(text, dataset, planted)}
            for text in scan.named[:NAMED]
        ]
    whole = score(flags, scores, planted)
    return {
        "kind": work.chosen.kind,
        "own": work.form == work.chosen.own,
        "rows": len(dataset),
        "tasks": len(dataset.tasks),
        "label_tasks": sum(bool(space) for space in dataset.label_spaces.values()),
        "planted": whole.planted,
        "cover": int(cover.sum()),
        "flagged": whole.flagged,
        "hits": whole.hits,
        "cover_flagged": int((flags & cover).sum()),
        "review": int(review.sum()),
        "review_hits": int((review & planted).sum()),
        "auroc": None if np.isnan(whole.auroc) else round(whole.auroc, 4),
        "named": named,
        "seconds": round(seconds, 2),
    }


def _judge(dataset: Dataset) -> Judged:
    """Return what the rules that read the text alone say; no set tells its sources."""
    from curation_gate.judging import judge  # noqa: PLC0415 - heavy, in the worker alone
    from curation_gate.settings import Options  # noqa: PLC0415

    return judge(dataset, Options(evidence="text", seed=SEED))


def code_hash(*, product: bool) -> str:
    """Return a hash of what decides a figure: of the product's, or of the simple scans'."""
    here, package = REPOSITORY / "benchmarks", REPOSITORY / "curation_gate"
    files = [here / f"{name}.py" for name in (*OWN, "simple_scans")]
    if product:
        every = [*package.rglob("*"), *(REPOSITORY / "rules").rglob("*")]
        files += [p for p in every if p.is_file() and p.suffix != ".pyc"]
    else:
        files += (package / "rows").rglob("*.py")
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(files):
        digest.update(path.relative_to(REPOSITORY).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def run(work: Work, results: Path) -> str | None:
    """Measure and add the figures to the results; return what went wrong."""
    known = {"set": work.chosen.name, "form": work.form, "part": work.part, "code": work.code}
    problem = None
    try:
        figures = measure(work)
        told = f"{figures['hits']} of {figures['planted']}, {figures['flagged']} flagged"
        told += f", {figures['review_hits']} of {figures['review']} for review"
    except CurateError as error:
        problem = told = f"{work.chosen.name}, {work.form}, {work.part}: {error}"
        figures = {"error": str(error)}
    with results.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(known | figures, ensure_ascii=False) + "\n")
    head = " ".join(work.key[:3])
    print(f"{head}: {told}, {figures.get('seconds')} s", file=sys.stderr, flush=True)
    return problem


def pending(work: Iterable[Work], results: Path) -> list[Work]:
    """Return the work that is not in the results yet."""
    done = {(r["set"], r["form"], r["part"], r["code"]) for r in third_party_page.read(results)}
    return [item for item in work if item.key not in done]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, and write the page."""
    options = _parse(arguments)
    sets = find(options.data)
    if not sets:
        print(f"skipped: no sets of others in {options.data}", file=sys.stderr)
        return 0
    work, without = plan(sets, options)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    todo = [] if options.render else pending(work, options.results)
    print(f"{options.results}: {len(work)} figures, {len(todo)} to measure", file=sys.stderr)
    problems: list[str] = []
    if options.jobs == 1:
        problems += [p for item in todo if (p := run(item, options.results))]
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(options.jobs, context) as workers:
            running = [workers.submit(run, item, options.results) for item in todo]
            problems += [p for future in as_completed(running) if (p := future.result())]
    for line in problems:
        print(f"not measured: {line}", file=sys.stderr)
    keys = {item.key for item in work}
    found = [
        r
        for r in third_party_page.read(options.results)
        if (r["set"], r["form"], r["part"], r["code"]) in keys
    ]
    page = third_party_page.render(found, without, command(arguments))
    if options.output:
        options.output.write_text(page, encoding="utf-8")
    else:
        print(page)
    return 1 if problems else 0


def command(arguments: Sequence[str] | None) -> str:
    """Return the command that makes the page, less what says where it and the results go."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("--results", "-o", "--output", "--data"):
        if name in given:
            place = given.index(name)
            del given[place : place + 2]
    kept = [text for text in given if text != "--render"]
    return " ".join(["python benchmarks/third_party.py", *kept, "-o benchmarks/third_party.md"])


def _chosen(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        wanted = known if text == "all" else tuple(text.split(","))
        if unknown := set(wanted) - set(known):
            raise argparse.ArgumentTypeError(f"{sorted(unknown)}: not of {', '.join(known)}")
        return tuple(wanted)

    return read


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure detection on sets that others made.")
    every = ("own", *FORMS)
    parser.add_argument("--sets", type=_chosen(KINDS), default=KINDS, help=f"of {KINDS}, or all")
    parser.add_argument("--only", default="", help="sets whose name holds one of these")
    parser.add_argument("--forms", type=_chosen(every), default=every, help=f"of {every}")
    parser.add_argument("--parts", type=_chosen(PARTS), default=PARTS, help=f"of {PARTS}")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--results", type=Path, default=RUNS / "results.jsonl")
    parser.add_argument("--render", action="store_true", help="only write the page again")
    parser.add_argument("-o", "--output", type=Path, help="the page; default: print it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
