"""One case of a batch: analyzed in a process of its own, its outputs written whole or not at all."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from analyzer.analysis import analyze
from analyzer.detectors import known
from analyzer.exceptions import PodopsyError
from analyzer.outputs import text
from analyzer.outputs.files import sweep, whole
from analyzer.outputs.report import write as write_report
from analyzer.version import tool_version

FINDINGS, REPORT, STATUS = "findings.json", "report.html", "status.json"


@dataclass
class Result:
    """What became of a case. ``status``: done, failed; ``signature``: of the evidence that it was made from."""

    name: str
    path: str
    signature: str
    status: str
    error: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)  # unexpected findings by kind
    worst: str | None = None  # severity
    incomplete: list[str] = field(default_factory=list)


class Sought(NamedTuple):
    """Which kinds of finding are looked for: only these, if any are named; and those that are not."""

    kinds: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def signature(path: Path, sought: Sought) -> str:
    """Names, sizes and modification times of all that a case consists of, what is looked for, and the versions of the tools."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    parts = [f"{p.relative_to(path.parent).as_posix()}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in files]
    tools = [tool_version(), *sorted({f"{d} {version(d)}" for known_one in known() if (d := known_one.distribution)}), repr(tuple(sought))]
    return hashlib.sha256("\n".join([*tools, *parts]).encode(errors="surrogateescape")).hexdigest()


def previous(out: Path, name: str) -> Result | None:
    """The result of an earlier run, if its outputs are all there."""
    folder = out / name
    try:
        result = Result(**json.loads((folder / STATUS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    whole = result.status == "failed" or ((folder / FINDINGS).is_file() and (folder / REPORT).is_file())
    return result if whole else None


def work(name: str, path: str, out: str, signed: str, sought: Sought) -> Result:
    """Analyze one case and write its folder. Never raises: what goes wrong is the result."""
    folder = Path(out) / name
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    try:
        analysis = analyze([path], kinds=sought.kinds, without=sought.without)
        _replace(folder / FINDINGS, text.render(analysis, "json"))
        write_report(analysis, folder / REPORT, title=name, command=f"podopsy batch (case {name})")
        unexpected = [f for f in analysis.findings if not f.expected]
        kinds: dict[str, int] = {}
        for finding in unexpected:
            kinds[str(finding.kind)] = kinds.get(str(finding.kind), 0) + 1
        worst = str(unexpected[0].severity) if unexpected else None
        result = Result(name, path, signed, "done", None, analysis.evidence(), dict(sorted(kinds.items())), worst)
        result.incomplete = [*analysis.incomplete(), *analysis.failed]
    except PodopsyError as error:
        result = failed(name, path, signed, str(error))
    except Exception as error:  # a defect must not end the other cases; it is told in the index
        result = failed(name, path, signed, f"{type(error).__name__}: {error}")
    if result.status == "failed":
        for stale in (FINDINGS, REPORT):
            (folder / stale).unlink(missing_ok=True)
    record(result, Path(out))
    return result


def failed(name: str, path: str, signed: str, error: str) -> Result:
    return Result(name, path, signed, "failed", " ".join(error.split())[:1000])


def record(result: Result, out: Path) -> None:
    """The mark of a finished case: written last."""
    (out / result.name).mkdir(parents=True, exist_ok=True)
    _replace(out / result.name / STATUS, json.dumps(asdict(result), indent=1, sort_keys=True) + "\n")


def _replace(path: Path, content: str) -> None:
    with whole(path) as file:
        file.write(content.encode())
