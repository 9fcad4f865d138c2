"""Command line. Exit status: 0 at least as many were noticed as asked for, 1 fewer, 2 cannot be done."""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random

from bench.mutation.coverage_of import measured
from bench.mutation.mutants import ROOT, modules, mutants, source
from bench.mutation.trial import SURVIVED, preload, tried


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=200, help="how many, drawn at random (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", default="", help="only modules whose path holds this text")
    parser.add_argument("--seconds", type=float, default=60.0, help="of tests for one mutant, the quickest first")
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("I", "N"), help="only each Nth, from the Ith on")
    parser.add_argument("--least", type=float, default=85.0, help="percent that must be noticed")
    parser.add_argument("--first", nargs="+", default=[], metavar="TEST", help="files or tests that each mutant is tried on first")
    parser.add_argument("--line", type=int, help="only of this line")
    parser.add_argument("--keep", type=Path, help="folder for what the tests reach, measured once (default: measured anew)")
    options = parser.parse_args(words)
    if missing := [name for name in ("cosmic_ray", "pytest_cov") if find_spec(name) is None]:
        print(f"podopsy: {' and '.join(missing)} not installed (pip install cosmic-ray pytest-cov)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        reached = measured(options.keep or Path(folder))
    found = sorted(mutant for path in modules(options.module) for mutant in mutants(path) if options.line in (None, mutant.line))
    chosen = sorted(Random(options.seed).sample(found, min(options.sample, len(found)))) if options.sample else found
    first, step = options.share
    preload()
    some = {test for path in modules() for test in reached.tests(path, 0, 0.5)}
    if tried(modules()[0], (ROOT / modules()[0]).read_text(encoding="utf-8"), sorted(some), 600) != SURVIVED:
        print("podopsy: tests fail without any change", file=sys.stderr)
        return 2
    outcomes: Counter[str] = Counter()
    for mutant in chosen[first::step]:
        tests = [*options.first, *reached.tests(mutant.path, mutant.line, options.seconds)]
        outcome = tried(mutant.path, source(mutant), tests, 60 + 5 * options.seconds)
        outcomes[outcome] += 1
        if outcome == SURVIVED:
            print(mutant, flush=True)
    count = outcomes.total()
    noticed = 100 * (count - outcomes[SURVIVED]) / count if count else 100.0
    print(f"{count} of {len(found)} mutants: {noticed:.1f} % noticed ({', '.join(f'{n} {what}' for what, n in sorted(outcomes.items()))})")
    return int(noticed < options.least)


if __name__ == "__main__":
    sys.exit(main())
