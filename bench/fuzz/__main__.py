"""Command line. Exit status: 0 nothing went wrong, 1 something did."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from analyzer.formats import REGISTRY
from bench.fuzz.run import Asked, Fault, run
from bench.fuzz.save import keep
from bench.fuzz.seeds import ROOT, WHOLE

CRASHES = ROOT / "tests" / "fuzz" / "crashes"
"""What once went wrong is tried by the tests for ever."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--pieces", type=int, default=1, help="so many changed pieces, one after the other, make an input of text")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--format", action="append", choices=sorted([f.name for f in REGISTRY] + [WHOLE]), help="may be repeated (default: all)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--corpus", type=Path, help="folder that holds samples/: more seeds (default: $PODOPSY_CORPUS)")
    parser.add_argument("--save", type=Path, default=CRASHES, help="where inputs that broke something go (default: tests/fuzz/crashes)")
    parser.add_argument(
        "--guided", type=float, metavar="SECONDS", help="search by coverage instead, for so long; needs atheris, one --format"
    )
    options = parser.parse_args(words)
    if options.guided:
        if len(options.format or ()) != 1:
            parser.error("--guided takes one --format")
        from bench.fuzz.guided import search

        return search(options.format[0], options.guided, options.seed, options.corpus, options.save)
    stated = os.environ.get("PODOPSY_CORPUS")
    asked = Asked(options.seed, tuple(options.format or ()), options.corpus or (Path(stated) if stated else None), options.pieces)
    numbers = range(options.first, options.first + options.inputs)
    kinds: dict[tuple[str, str], int] = {}
    begun = shown = time.monotonic()
    for told in run(asked, numbers, options.jobs):
        if isinstance(told, Fault):
            first_of_its_kind = (told.name, told.what) not in kinds
            kinds[told.name, told.what] = kinds.get((told.name, told.what), 0) + 1
            if first_of_its_kind:
                print(f"input {told.number}, {told.name}: {told.what}\n    kept as {keep(told, options.save)}", flush=True)
        elif time.monotonic() - shown > 60:
            shown = time.monotonic()
            print(f"at input {told} after {shown - begun:.0f} s", file=sys.stderr, flush=True)
    print(f"{len(numbers)} inputs in {time.monotonic() - begun:.0f} s: {sum(kinds.values())} faults of {len(kinds)} kinds")
    return int(bool(kinds))


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # of each process: there is one a core, and frames have a few rows
    os.environ.setdefault("RUST_MIN_STACK", str(8 * 1024 * 1024))  # of that thread (home.py): as much as a process's first one has
    sys.exit(main())
