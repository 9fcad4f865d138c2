"""The scores as aligned text."""

from collections.abc import Sequence

from bench.accuracy.run import Result
from bench.accuracy.score import KINDS, Tally, spread

HEADER = ("scenario", "kind", "true", "found", "missed", "false", "n/a", "F1", "start off s", "end off s", "verdict", "run s")


def table(title: str, results: Sequence[Result]) -> str:
    """One input kind: a line per scenario and kind of finding, then the totals."""
    rows: list[tuple[str, ...]] = [HEADER]
    for result in results:
        for kind, tally in result.tallies.items():
            if tally.f1 is not None or tally.unjudged:
                rows.append((result.scenario, kind, *_cells(tally), f"{result.seconds:.1f}"))
        if result.crash:
            rows.append((result.scenario, "CRASH: " + result.crash, *[""] * (len(HEADER) - 2)))
    rows += [("total", kind, *_cells(tally), "") for kind, tally in totals(results).items()]
    widths = [max(len(row[i]) for row in rows if not row[1].startswith("CRASH")) for i in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))) for row in rows
    ]
    surplus = [f"{r.scenario}: unexpected findings: {_counts(r.unexpected)}" for r in results if r.is_control]
    return "\n".join([f"input: {title}", *(line.rstrip() for line in lines), *surplus])


def summary(name: str, results: Sequence[Result]) -> str:
    """The totals line of one input kind."""
    scores = ", ".join(f"{kind} {_f1(tally)}" for kind, tally in totals(results).items())
    crashes = sum(bool(r.crash) for r in results)
    return f"{name:8} F1: {scores}; {len(results)} captures, {crashes} crashes, {sum(r.seconds for r in results):.1f} s"


def totals(results: Sequence[Result]) -> dict[str, Tally]:
    sums = {kind: Tally() for kind in KINDS}
    for result in results:
        for kind, tally in result.tallies.items():
            sums[kind].add(tally)
    return sums


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.matched + tally.missed, tally.matched, tally.missed, tally.false, tally.unjudged)
    verdict = f"{tally.right}/{tally.matched}"
    return (*map(str, counts), _f1(tally), _spread(tally.start_errors), _spread(tally.end_errors), verdict)


def _f1(tally: Tally) -> str:
    return "-" if tally.f1 is None else f"{tally.f1:.3f}"


def _spread(errors: Sequence[float]) -> str:
    """Median and maximum."""
    both = spread(errors)
    return f"{both[0]:.2f} {both[1]:.2f}" if both else "-"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in counts.items()) or "none"
