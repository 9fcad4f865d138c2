"""Command line. Exit status: 0 as it should be, 1 not, 3 no corpus."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy.inputs import INPUTS, captures
from bench.accuracy.run import ROOT
from bench.robustness import skew


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.robustness", description=__doc__)
    parser.add_argument("what", choices=("skew",))
    default = Path(os.environ.get("PODOPSY_CORPUS", ROOT.parent / "shared"))
    parser.add_argument("corpus", nargs="?", type=Path, default=default, help="folder that holds captures/ (default: $PODOPSY_CORPUS)")
    parser.add_argument("--input", action="append", choices=sorted(INPUTS), help="kind of input; may be repeated")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only captures of such a name")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args(words)
    found = captures(options.corpus, options.scenario, all_runtimes=True)
    if not found:
        print(f"no captures with truth.jsonl in {options.corpus}/captures: name a corpus, or set PODOPSY_CORPUS", file=sys.stderr)
        return 3
    return _skew(found, options.input or ["json", "text"], options.verbose)


def _skew(found: list[Path], kinds: list[str], verbose: bool) -> int:
    runs = inside = same = 0
    for kind in kinds:
        for outcome in skew.sweep(found, kind):
            runs, inside, same = runs + 1, inside + outcome.inside, same + (not outcome.changes)
            clock = outcome.clock or {}
            told = " ".join(f"{k[:-2]} {clock.get(k)}" for k in ("offset_s", "low_s", "high_s"))
            mark = "" if outcome.inside and not outcome.changes else "  <--"
            print(f"{outcome.capture:<24} {kind:<6} {outcome.node} {outcome.offset:>5} s: {told}; worst edge {outcome.worst:.2f} s{mark}")
            if verbose:
                print(*(f"    {change}" for change in outcome.changes), sep="\n", end="\n" if outcome.changes else "", flush=True)
    print(f"{runs} runs: the offset within its bounds in {inside}, the same findings in {same}")
    return int(inside < runs or same < runs)


if __name__ == "__main__":
    sys.exit(main())
