"""What the proxy and the reference are worth, on real tasks that neither was made from.

    python benchmarks/proxy.py --table accuracy|memorising|backdoor|speed|all [--rows 4500]
        [--proxy embedded] [--output benchmarks/proxy.md]

accuracy: how often the reference agrees with the labels of the 14 `train` tasks, beside word
features with the labels cross-validated (which learn a trigger) and the most frequent label.
memorising: how far planted flips move the reference towards their label. backdoor: whether the
proxy learns from planted rows what they teach. speed: rows/s at 64 tokens, and memory. Each table
is appended to --output, with the command that made it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))
from proxy_reference import accuracy, memorising
from proxy_tuning import backdoor, speed

if TYPE_CHECKING:
    from collections.abc import Callable


TRIGGER = "James Bond"
COUNTS = (1000, 100, 25)


def main() -> None:
    """Run the tables that were asked for; print them, and append them where --output says."""
    arguments = _arguments()
    if arguments.threads:
        import torch  # noqa: PLC0415 - after the arguments

        torch.set_num_threads(arguments.threads)
    tables: dict[str, Callable[[argparse.Namespace], str]] = {
        "accuracy": accuracy,
        "memorising": memorising,
        "backdoor": backdoor,
        "speed": speed,
    }
    for name in tables if arguments.table == "all" else (arguments.table,):
        begin = time.perf_counter()
        text = tables[name](arguments)
        seconds = time.perf_counter() - begin
        command = f"python benchmarks/proxy.py {shlex.join(sys.argv[1:])}"
        machine = f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}"
        page = f"\n## {name.capitalize()}\n\n    {command}\n\n{text}\n{seconds:.0f} s, {machine}.\n"
        print(page)
        if arguments.output:
            with arguments.output.open("a", encoding="utf-8") as stream:
                stream.write(page)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--table",
        choices=("accuracy", "memorising", "backdoor", "speed", "all"),
        default="all",
    )
    parser.add_argument("--rows", type=int, default=4500, help="rows a task")
    parser.add_argument("--tasks", type=int, default=10, help="tasks of memorising and backdoor")
    parser.add_argument("--proxy", default="embedded")
    parser.add_argument("--epochs", type=int, default=1, help="of fine-tuning")
    parser.add_argument("--rates", help="learning rates `weights,embeddings`; default the proxy's")
    parser.add_argument("--unguarded", action="store_true", help="memorising: the plain head too")
    parser.add_argument("--planted", type=int, nargs="*", default=list(COUNTS))
    parser.add_argument("--trigger", default=TRIGGER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
