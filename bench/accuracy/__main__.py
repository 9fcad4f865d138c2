"""Command line of the accuracy measurement. Exit status: 0 good, 1 an F1 below the mark or a crash, 3 no corpus."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.accuracy.inputs import INPUTS, captures
from bench.accuracy.poll import read_poll
from bench.accuracy.run import ROOT, Result, measure
from bench.accuracy.score import Tally, describe, spread
from bench.accuracy.tables import summary, table, totals
from bench.accuracy.truth import derive

MARK = 0.95
MARKS = {"no-api": 0.90}
"""The F1 that an input must reach, where it is not MARK: without the API a scale-down cannot be told from an overshoot."""


def main(words: Sequence[str] | None = None) -> int:
    options = _parse(words)
    found = captures(options.corpus, options.scenario, options.all_runtimes)
    if not found:
        print(f"no captures with truth.jsonl in {options.corpus}/captures: name a corpus, or set PODOPSY_CORPUS", file=sys.stderr)
        return 3
    if options.truth_only:
        for capture in found:
            print(capture.name, *(describe(s) for s in derive(read_poll(capture / "truth.jsonl")).spells), sep="\n  ")
        return 0
    all_results: dict[str, list[Result]] = {}
    for kind in options.input or INPUTS:
        with ThreadPoolExecutor(options.jobs) as pool:
            all_results[kind] = list(pool.map(lambda capture, kind=kind: measure(capture, kind), found))
        print(table(kind, all_results[kind]))
        if options.verbose:
            print(*(f"  {r.scenario}: {remark}" for r in all_results[kind] for t in r.tallies.values() for remark in t.remarks), sep="\n")
        print(flush=True)
    for kind, results in all_results.items():
        print(summary(kind, results))
    if options.json:
        options.json.write_text(json.dumps({k: _document(r) for k, r in all_results.items()}, indent=1) + "\n")
    return int(any(not is_good(results, MARKS.get(kind, MARK)) for kind, results in all_results.items()))


def is_good(results: Sequence[Result], mark: float = MARK) -> bool:
    """Whether no run crashed and each kind of finding, over all captures, reaches the mark."""
    scores = [tally.f1 for tally in totals(results).values()]
    return not any(r.crash for r in results) and all(f1 is None or f1 >= mark for f1 in scores)


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.accuracy", description="Score the findings against captures with ground truth.")
    default = Path(os.environ.get("PODOPSY_CORPUS", ROOT.parent / "shared"))
    parser.add_argument("corpus", nargs="?", type=Path, default=default, help="folder that holds captures/ (default: $PODOPSY_CORPUS)")
    parser.add_argument("--input", action="append", choices=sorted(INPUTS), help="kind of input; may be repeated (default: all)")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only captures of such a name")
    parser.add_argument("--all-runtimes", action="store_true", help="also captures without docker's events (containerd)")
    parser.add_argument("--truth-only", action="store_true", help="print what the polls say, and run nothing")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the scores to a file, too")
    parser.add_argument("--jobs", type=int, default=1, help="captures at a time (more than 1 spoils the run times)")
    parser.add_argument("-v", "--verbose", action="store_true", help="name each missed, false or wrong finding")
    return parser.parse_args(words)


def _document(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "totals": {kind: _scores(tally) for kind, tally in totals(results).items()},
        "captures": [
            {
                "scenario": r.scenario,
                "seconds": round(r.seconds, 2),
                "crash": r.crash or None,
                "unexpected": r.unexpected,
                "kinds": {kind: _scores(tally) for kind, tally in r.tallies.items()},
            }
            for r in results
        ],
    }


def _scores(tally: Tally) -> dict[str, Any]:
    return {
        "matched": tally.matched,
        "missed": tally.missed,
        "false": tally.false,
        "unjudged": tally.unjudged,
        "f1": tally.f1,
        "start_error_s": spread(tally.start_errors),
        "end_error_s": spread(tally.end_errors),
        "right": tally.right,
        "remarks": tally.remarks,
    }


if __name__ == "__main__":
    sys.exit(main())
