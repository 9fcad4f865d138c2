"""Command line. Exit status: 0 as it should be, 1 not, 3 no corpus."""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analyzer.vocabulary import Confidence
from bench.accuracy.inputs import INPUTS, captures
from bench.accuracy.run import ROOT
from bench.robustness import holes, kills, skew, stores, together


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.robustness", description=__doc__)
    parser.add_argument("what", choices=("skew", "holes", "kills", "together"))
    default = Path(os.environ.get("PODOPSY_CORPUS", ROOT.parent / "shared"))
    parser.add_argument("corpus", nargs="?", type=Path, default=default, help="folder that holds captures/ (default: $PODOPSY_CORPUS)")
    parser.add_argument("--input", action="append", choices=sorted(INPUTS), help="kind of input; may be repeated")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only captures of such a name")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--seeds", type=int, default=4, help="holes: so many draws for each share that is lost")
    parser.add_argument("--kills", type=int, default=200, help="kills: so many in all")
    parser.add_argument("--processes", type=int, default=4, help="together: so many ingests at once")
    parser.add_argument("--sources", type=int, help="kills, together: so many sources (default: 12, 100)")
    parser.add_argument("--seed", type=int, default=1, help="kills, together: other moments, other shares")
    options = parser.parse_args(words)
    if options.what == "kills":
        return _kills(options.kills, options.sources or 12, options.seed, options.verbose)
    if options.what == "together":
        return _together(options.processes, options.sources or 100, options.seed)
    found = captures(options.corpus, options.scenario, all_runtimes=True)
    if not found:
        print(f"no captures with truth.jsonl in {options.corpus}/captures: name a corpus, or set PODOPSY_CORPUS", file=sys.stderr)
        return 3
    kinds = options.input or ["json", "text"]
    return _skew(found, kinds, options.verbose) if options.what == "skew" else _holes(found, kinds, options.seeds, options.verbose)


def _kills(number: int, sources: int, seed: int, verbose: bool) -> int:
    """As many kills over each command. The cases of the batch are the shipped incidents."""
    good = True
    with tempfile.TemporaryDirectory() as many, tempfile.TemporaryDirectory() as large:
        stores.write(Path(many), sources)
        stores.write_in_parts(Path(large))
        evidence = {"batch": ROOT / "sample_logs", "ingest in parts": Path(large)}
        for work in kills.WORKS:
            outcomes = []
            for outcome in kills.sweep(work, evidence.get(work.name, Path(many)), -(-number // len(kills.WORKS)), seed):
                outcomes.append(outcome)
                for wrong in (*outcome.unreadable, *outcome.lost, *outcome.doubled, *outcome.left):
                    print(f"    {wrong}", flush=True)
                if verbose:
                    print(f"{work.name}: {sum(o.kills for o in outcomes)} kills", flush=True)
            counts = {what: sum(len(getattr(o, what)) for o in outcomes) for what in ("unreadable", "lost", "doubled", "left")}
            told = ", ".join(f"{count} {what}" for what, count in counts.items())
            print(f"{work.name}: {sum(o.kills for o in outcomes)} kills in {sum(o.runs for o in outcomes)} runs: {told}", flush=True)
            good = good and all(o.good() for o in outcomes)
    return int(not good)


def _together(processes: int, sources: int, seed: int) -> int:
    wrong = together.run(processes, sources, seed)
    print(*wrong, f"{processes} ingests of {sources} sources at once: {len(wrong)} differences from one ingest", sep="\n")
    return int(bool(wrong))


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


def _holes(found: list[Path], kinds: list[str], seeds: int, verbose: bool) -> int:
    """A line per share of the time that was lost: findings by confidence, right and wrong, and how much of the truth was found."""
    outcomes = [o for kind in kinds for o in holes.sweep(found, kind, range(seeds))]
    wrong = [o for o in outcomes if o.wrong]
    for outcome in wrong:
        print(f"{outcome.capture} {outcome.kind} share {outcome.share} seed {outcome.seed}: {'; '.join(outcome.cuts)}")
        print(*(f"    {remark}" for remark in (outcome.remarks if verbose else outcome.wrong)), sep="\n")
    print("lost   runs  " + "".join(f"{level + ' right/wrong':>24}" for level in Confidence) + "   found")
    for share in holes.SHARES:
        mine = [o for o in outcomes if o.share == share]
        judged = sum((o.judged for o in mine), Counter[tuple[str, bool]]())
        right = sum(n for (_, is_right), n in judged.items() if is_right)
        told = "".join(f"{f'{judged[(level, True)]}/{judged[(level, False)]}':>24}" for level in Confidence)
        print(f"{share:>4.0%} {len(mine):>6}  {told} {right / max(sum(o.demanded for o in mine), 1):>7.1%}")
    print(f"{len(outcomes)} runs, {sum(len(o.wrong) for o in wrong)} findings wrong and said to be certain, in {len(wrong)} runs")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
