"""How fast whole processes are on made-up evidence, against other tools or an earlier checkout, in interleaved rounds; as Markdown.

Exit status: 0 measured, 1 a command failed.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.speed import binary, evidence, large_store, peers
from bench.speed.cases import ROOT, Case, Task, analyze_and_ingest, growth, podopsy, run, told, warm

_SUFFIX = {"journal-text": ".log", "docker-events": ".jsonl"}
_NODE = "minion-01"
_SAME = (
    "select time, node, k8s_pod_uid, container_id, kind from events"
    " where kind in ('pod_added', 'pod_delete_seen', 'container_killing', 'container_seen_running', 'container_seen_dead')"
)
"""The peers' task, for these lines."""
_Options = argparse.Namespace


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.speed", description=__doc__)
    parser.add_argument("what", nargs="?", choices=tuple(_CASES), default="logs", help="see the README (default: logs)")
    parser.add_argument("--size", type=int, metavar="MB", help="of each evidence (logs: 300, cores: 100, growth: the smallest, 25)")
    parser.add_argument("--kind", action="append", choices=(*evidence.KINDS, "journal-binary"), help="may be repeated (default: all)")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="logs: instead, a binary journal (folder or file) of your own")
    parser.add_argument("--pods", type=int, action="append", help="fleet: may be repeated (default: 2500, 5000, 10000)")
    parser.add_argument("--records", type=int, action="append", help="store: may be repeated (default: 5 and 50 million)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of this project, to measure in the same rounds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="podopsy-speed-") as folder:
        warm(Path(folder), [ROOT, *([options.against.resolve()] if options.against else [])])
        return int(_CASES[options.what](options, Path(folder)))


def _show(cases: Iterator[Case], options: _Options, folder: Path) -> bool:
    """Measures and prints; whether a command failed."""
    failed = False
    for case in cases:
        runs = run(case, options.rounds, folder)
        print(told(case, runs), flush=True)
        failed |= any(each.fault for each in runs.values())
    return failed


def _ours(path: Path, options: _Options, folder: Path) -> list[Task]:
    """``analyze`` and ``ingest``; those of the other checkout first."""
    others = analyze_and_ingest(path, folder, options.against.resolve(), "before: ") if options.against else []
    return [*others, *analyze_and_ingest(path, folder)]


def _base(options: _Options, others: Sequence[peers.Peer] = ()) -> str:
    return "before: analyze" if options.against else others[-1].name if others else "analyze"


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _made(kind: str, folder: Path, size: int, seed: int) -> Path:
    """Evidence of one kind; a binary journal is made of the lines of the one in JSON."""
    of = "journal-json" if kind == "journal-binary" else kind
    path = folder / f"{of}-{size // 1_000_000}{_SUFFIX.get(of, '.json')}"
    if not path.exists():
        evidence.write(of, path, size, seed, _NODE)
    return binary.write(path, folder) if kind == "journal-binary" else path


def _logs(options: _Options, folder: Path) -> bool:
    return _show(_log_cases(options, folder), options, folder)


def _log_cases(options: _Options, folder: Path) -> Iterator[Case]:
    if options.journal:
        path = options.journal.resolve()
        yield _case(path, path.name, options, folder, peers.of_binary(path), None)
        return
    size = (options.size or 300) * 1_000_000
    rows = None
    for kind in options.kind or (*evidence.KINDS, "journal-binary"):
        if kind == "journal-binary" and binary.program() is None:
            print("\nsystemd-journal-remote is not installed, so there is no binary journal to measure.")
            continue
        path = _made(kind, folder, size, options.seed)
        others = peers.of_json(path, _NODE) if kind == "journal-json" else peers.of_binary(path) if kind == "journal-binary" else []
        if others or kind.startswith("journal-b"):
            with _made("journal-json", folder, size, options.seed).open("rb") as lines:
                rows = peers.matching(lines)
        yield _case(path, kind, options, folder, others, rows if others else None)


def _case(path: Path, title: str, options: _Options, folder: Path, others: Sequence[peers.Peer], rows: int | None) -> Case:
    tasks = _ours(path, options, folder)
    notes = []
    if others:
        tasks.append(Task("query", podopsy("query", _SAME, path, "-o", "csv"), peers.below_head))
        absent = peers.missing("binary" if title != "journal-json" else "json")
        notes = [f"Not installed, so not measured: {', '.join(absent)}."] if absent else []
    tasks += [Task(peer.name, peer.command, peer.rows) for peer in others]
    return Case(f"{title}, {_size(path) / 1e6:.0f} MB", _size(path), tasks, _base(options, others), rows, notes)


def _fleet(options: _Options, folder: Path) -> bool:
    def cases() -> Iterator[Case]:
        for pods in options.pods or (2500, 5000, 10000):
            place = folder / f"{pods}-pods"
            evidence.fleet(place, pods, outages=pods // 20, nodes=max(pods // 200, 1), seed=options.seed)
            yield Case(f"fleet of {pods} pods, {_size(place) / 1e6:.0f} MB", _size(place), _ours(place, options, folder), _base(options))

    return _show(cases(), options, folder)


def _growth(options: _Options, folder: Path) -> bool:
    failed = False
    for kind in options.kind or evidence.KINDS:
        cases, results = [], []
        for times in (1, 4, 16):
            path = _made(kind, folder, (options.size or 25) * 1_000_000 * times, options.seed)
            case = Case(kind, _size(path), analyze_and_ingest(path, folder), "analyze")
            cases.append(case)
            results.append(run(case, options.rounds, folder))
            path.unlink()
        print(f"\n**{kind}**\n\n{growth(cases, results)}", flush=True)
        failed |= any(each.fault for result in results for each in result.values())
    return failed


def _cores(options: _Options, folder: Path) -> bool:
    """One processor against two."""
    if shutil.which("taskset") is None:
        print("taskset is not installed (Linux only): nothing measured.")
        return False

    def cases() -> Iterator[Case]:
        for kind in options.kind or evidence.KINDS:
            path = _made(kind, folder, (options.size or 100) * 1_000_000, options.seed)
            two = analyze_and_ingest(path, folder)
            one = [Task(f"{t.name}, one processor", ("taskset", "-c", "0", *t.command), before=t.before) for t in two]
            two = [Task(t.name, ("taskset", "-c", "0,1", *t.command), before=t.before) for t in two]
            yield Case(f"{kind}, {_size(path) / 1e6:.0f} MB, on one processor and on two", _size(path), [*two, *one], "analyze")

    return _show(cases(), options, folder)


def _start(options: _Options, folder: Path) -> bool:
    """What a command takes that has next to nothing to do."""
    small = ROOT / "sample_logs" / "quick-restart"
    words: dict[str, tuple[str | Path, ...]] = {
        "--help": ("--help",),
        "--version": ("--version",),
        "analyze a little": ("analyze", small),
    }
    roots = [("before: ", options.against.resolve())] if options.against else []
    tasks = [Task(mark + name, podopsy(*each, root=root)) for name, each in words.items() for mark, root in [*roots, ("", ROOT)]]
    tasks.append(Task("python -c 'import polars'", (sys.executable, "-c", "import polars")))
    base = ("before: " if options.against else "") + "analyze a little"
    return _show(iter([Case("start-up", _size(small), tasks, base)]), options, folder)


def _store(options: _Options, folder: Path) -> bool:
    """One pod's story out of a large store."""

    def cases() -> Iterator[Case]:
        for records in options.records or (5_000_000, 50_000_000):
            place = folder / f"store-{records}"
            pod, begin, end = large_store.write(place, records)
            story = f"select time, kind, message from events where k8s_pod_uid = '{pod}' order by time"
            near = f"select time, node, message from records where time >= '{begin}' and time < '{end}'"
            roots = [("before: ", options.against.resolve())] if options.against else []
            asked = {"start-up": "select 1 as one from sources limit 1", "one pod's events": story, "all of a minute": near}
            tasks = [
                Task(mark + name, podopsy("query", sql, "--store", place, "-o", "csv", root=root), peers.below_head)
                for name, sql in asked.items()
                for mark, root in [*roots, ("", ROOT)]
            ]
            base = ("before: " if options.against else "") + "start-up"
            yield Case(f"store of {records:,} records, {_size(place) / 1e6:.0f} MB", 0, tasks, base)
            shutil.rmtree(place)

    return _show(cases(), options, folder)


_CASES: dict[str, Callable[[_Options, Path], bool]] = {
    "logs": _logs,
    "fleet": _fleet,
    "growth": _growth,
    "cores": _cores,
    "start": _start,
    "store": _store,
}


if __name__ == "__main__":
    sys.exit(main())
