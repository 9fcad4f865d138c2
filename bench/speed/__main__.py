"""How fast whole processes are on made-up evidence, against simpler tools or an earlier checkout, in interleaved rounds.

Exit status: 0 measured, 1 a command failed.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.speed import evidence, measure, peers

_ROOT = Path(__file__).resolve().parents[2]
_TOOL = "import sys; sys.path.insert(0, sys.argv.pop(1)); from analyzer.cli import main; main()"
_SUFFIX = {"journal-text": ".log", "docker-events": ".jsonl"}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.speed", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("logs", "fleet"), default="logs", help="mostly noise (default), or lifecycles alone")
    parser.add_argument("--size", type=int, default=300, metavar="MB", help="logs: of each kind of evidence")
    parser.add_argument("--kind", action="append", choices=evidence.KINDS, help="logs: may be repeated (default: all)")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="logs: instead, a binary journal (folder or file) of your own")
    parser.add_argument("--pods", type=int, action="append", help="fleet: may be repeated (default: 2500, 5000, 10000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of this project, to measure in the same rounds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="podopsy-speed-") as folder:
        cases = _fleet(options, Path(folder)) if options.what == "fleet" else _logs(options, Path(folder))
        return int(any(_one(case, options, others, Path(folder)) for case, others in cases))


_Cases = list[tuple[Path, Mapping[str, Sequence[str]]]]


def _logs(options: argparse.Namespace, folder: Path) -> _Cases:
    if options.journal:
        return [(options.journal.resolve(), peers.journalctl(options.journal.resolve()))]
    cases: _Cases = []
    for kind in options.kind or evidence.KINDS:
        path = folder / f"{kind}{_SUFFIX.get(kind, '.json')}"
        evidence.write(kind, path, options.size * 1_000_000, options.seed)
        others = peers.commands(path) if kind == "journal-json" else {}
        if kind == "journal-json" and (absent := peers.missing(others)):
            print(f"not installed, so not measured: {', '.join(absent)}")
        cases.append((path, others))
    return cases


def _fleet(options: argparse.Namespace, folder: Path) -> _Cases:
    cases: _Cases = []
    for pods in options.pods or (2500, 5000, 10000):
        place = folder / f"{pods}-pods"
        evidence.fleet(place, pods, outages=pods // 20, nodes=max(pods // 200, 1), seed=options.seed)
        cases.append((place, {}))
    return cases


def _one(path: Path, options: argparse.Namespace, others: Mapping[str, Sequence[str]], folder: Path) -> bool:
    """Measures and prints one case; whether a command failed."""
    store = folder / "store"
    commands: dict[str, Sequence[str]] = {}
    for name, root in (("", _ROOT), *((("before: ", options.against.resolve()),) if options.against else ())):
        tool = (sys.executable, "-c", _TOOL, str(root))
        commands[f"{name}analyze"] = (*tool, "analyze", str(path), "-o", "json")
        commands[f"{name}ingest"] = (*tool, "ingest", str(path), "--store", str(store))
    commands |= others
    runs = {name: measure.Runs() for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            shutil.rmtree(store, ignore_errors=True)
            measure.add(runs[name], command, folder)
    shutil.rmtree(store, ignore_errors=True)
    size = sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()) / 1e6
    print(f"\n{path.name}: {size:.0f} MB, {options.rounds} rounds, {os.cpu_count()} processors")
    before = [name for name in commands if name.startswith("before: ")]
    base = next((name for name in (*before, *others, *commands) if runs[name].fault is None), "")
    print(f"{'':<20} {'least s':>8} {'MB/s':>6} {'cpu s':>7} {'peak MB':>8}   times {base} (least to most)")
    for name, run in runs.items():
        if run.fault is not None:
            print(f"{name:<20} failed: {run.fault}")
            continue
        least, (low, middle, high) = min(run.wall), measure.ratio(run, runs[base])
        numbers = f"{least:>8.2f} {size / least:>6.0f} {min(run.cpu):>7.2f} {run.peak / 1e6:>8.0f}"
        print(f"{name:<20} {numbers}   {middle:.2f} ({low:.2f} to {high:.2f})")
    sys.stdout.flush()
    return any(run.fault is not None for run in runs.values())


if __name__ == "__main__":
    sys.exit(main())
