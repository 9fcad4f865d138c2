"""Stretches cut out of sources at random, by seed: what was certain must not become wrong; how confidence falls with what is lost."""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.analysis import analyze
from analyzer.exceptions import PodopsyError
from bench.accuracy.inputs import assemble
from bench.accuracy.poll import read_poll
from bench.accuracy.score import score
from bench.accuracy.truth import Truth, derive
from bench.robustness.cut import cut

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Of the capture's time, lost from each source that loses any."""


@dataclass
class Outcome:
    capture: str
    kind: str
    share: float
    seed: int
    cuts: list[str]
    judged: Counter[tuple[str, bool]]
    demanded: int  # what there was to find
    remarks: list[str]

    @property
    def wrong(self) -> list[str]:
        """Findings that are wrong, and said to be certain."""
        return [r for r in self.remarks if not r.startswith("missed") and " certain" in r]


def sweep(captures: list[Path], kind: str, seeds: range) -> Iterator[Outcome]:
    for capture in captures:
        truth = derive(read_poll(capture / "truth.jsonl"))
        for share in SHARES:
            for seed in seeds:
                yield _run(capture, kind, truth, share, seed)


def _run(capture: Path, kind: str, truth: Truth, share: float, seed: int) -> Outcome:
    dice = random.Random(f"{capture.name} {kind} {share} {seed}")
    with tempfile.TemporaryDirectory() as folder:
        evidence = Path(folder) / "evidence"
        evidence.mkdir()
        assemble(capture, kind, evidence)
        cuts = _spoil(evidence, truth, share, dice)
        try:
            findings = [f.document() for f in analyze([evidence]).findings]
        except PodopsyError:
            findings = []
    tallies = score(truth, findings)
    judged = Counter(j for t in tallies.values() for j in t.judged)
    demanded = sum(t.matched + t.missed for t in tallies.values())
    return Outcome(capture.name, kind, share, seed, cuts, judged, demanded, [r for t in tallies.values() for r in t.remarks])


def _spoil(evidence: Path, truth: Truth, share: float, dice: random.Random) -> list[str]:
    """One stretch out of one source, or out of each, as the dice say."""
    sources = sorted(p for p in evidence.rglob("*") if p.is_file())
    chosen = sources if dice.random() < 0.5 else [dice.choice(sources)]
    length = (truth.last - truth.first) * share
    done = []
    for path in chosen:
        start = truth.first + (truth.last - truth.first + length) * dice.random() - length
        if cut(path, start.timestamp(), (start + length).timestamp()):
            done.append(f"{path.relative_to(evidence)} {start:%H:%M:%S} to {start + length:%H:%M:%S}")
    return done
