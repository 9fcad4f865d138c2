"""Options that several commands share, and how they become what the program works with.

A command takes groups of options as one parameter each (``evidence: Evidence``), and is registered as ``app.command()(spread(it))``.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from analyzer.cli.progress import busy as busy
from analyzer.cli.progress import progress as progress
from analyzer.cli.speaking import complain as complain
from analyzer.cli.speaking import hand_over as hand_over
from analyzer.cli.speaking import note as note
from analyzer.cli.speaking import say as say
from analyzer.cli.speaking import say_folded as say_folded
from analyzer.cli.speaking import screen as screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from analyzer.analysis import Analysis
    from analyzer.lifecycle.controllers import Name
    from analyzer.plan import Options
    from analyzer.selection import Asked
    from analyzer.store import Target

_PROBLEMS = 10
"""So many sources with problems are named; the rest is counted."""

Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Files, folders, archives, or - for standard input.")]
StoreDir = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="The store to read from (and, with PATHs, to ingest into).")]
Node = Annotated[
    str | None, typer.Option("--node", metavar="NAME", help="All evidence is of this node. With --store and no PATH: as --on.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="All evidence is of this format (podopsy inspect names them).")
]
Zone = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="Zone of times written without one: Europe/Berlin, +02:00. Default UTC.")
]
Year = Annotated[
    int | None, typer.Option("--year", metavar="YYYY", help="Year of times written without one. Default: that of the other evidence.")
]
Captured = Annotated[
    str | None,
    typer.Option("--captured", metavar="TIME", help="When all was captured (RFC 3339): ages in tables count back from it."),
]
Desired = Annotated[
    list[str] | None,
    typer.Option("--desired", metavar="NS/KIND/NAME=N", help="A replica count that the evidence lacks. May be repeated."),
]
Kinds = Annotated[list[str] | None, typer.Option("--kind", metavar="KIND", help="Only findings of this kind. May be repeated.")]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="KIND", help="Switch off the detector of this kind. May be repeated.")
]
Redact = Annotated[
    bool, typer.Option("--redact", help="Replace names, IPs and ids consistently, to share what is printed (SECURITY.md says what not).")
]
RedactKey = Annotated[
    Path | None,
    typer.Option("--redact-key", metavar="FILE", help="Key of --redact. Default: $PODOPSY_REDACT_KEY, else one made up and told."),
]
_BACK = "RFC 3339, or a duration (15m, 1h30m) that counts back from the end of the evidence."
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help=f"Only what goes on after it: {_BACK}")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only what goes on before it.")]
Around = Annotated[str | None, typer.Option("--around", metavar="TIME", help="Only what goes on near it (see --window).")]
Window = Annotated[str | None, typer.Option("--window", metavar="DURATION", help="How far from --around, on either side. Default 5m.")]
Namespaces = Annotated[
    list[str] | None, typer.Option("-n", "--namespace", metavar="NAME", help="Only what concerns this namespace. May be repeated.")
]
Controllers = Annotated[
    list[str] | None,
    typer.Option("--controller", metavar="[KIND/]NAME", help="Only what concerns this controller. May be repeated."),
]
Pods = Annotated[
    list[str] | None,
    typer.Option("--pod", metavar="[NAMESPACE/]NAME", help="Only what concerns this pod (or uid). May be repeated."),
]
On = Annotated[list[str] | None, typer.Option("--on", metavar="NODE", help="Only what concerns this node. May be repeated.")]


@dataclass(frozen=True)
class Where:
    """What is read."""

    paths: Paths = None
    store: StoreDir = None

    def begin(self) -> None:
        """Have it looked at while the command loads what it works with."""
        from analyzer.evidence.looked import begin

        if self.paths:
            begin(self.paths)


@dataclass(frozen=True)
class Stated:
    """What the user says of it."""

    node: Node = None
    source_format: Format = None
    tz: Zone = None
    year: Year = None
    captured: Captured = None

    def options(self) -> Options:
        from analyzer.evidence.zones import parse_zone
        from analyzer.plan import Options

        zone = parse_zone(self.tz) if self.tz else None
        return Options(self.node, self.source_format, zone, self.year, _captured(self.captured))


@dataclass(frozen=True)
class Evidence(Stated, Where):
    """Both; in the help what is read comes first."""


@dataclass(frozen=True)
class Sought:
    """Which detectors look."""

    kind: Kinds = None
    without: Without = None

    def check(self) -> None:
        """UsageError for a kind that neither we nor an installed detector knows."""
        check_kinds("--kind", self.kind)
        check_kinds("--without", self.without)


@dataclass(frozen=True)
class Question(Sought):
    """What is looked for, and what was asked for that the evidence does not tell."""

    desired: Desired = None


@dataclass(frozen=True)
class Shared:
    """What is replaced before it is shown, so that it can be shared."""

    redact: Redact = False
    redact_key: RedactKey = None


@dataclass(frozen=True)
class Span:
    """What part of the time is shown."""

    since: Since = None
    until: Until = None
    around: Around = None
    window: Window = None

    def asked(self, **whom: tuple[str, ...]) -> Asked:
        """UsageError for what is no time or no duration, before any evidence is read."""
        from analyzer.selection import Asked, duration, moment

        since, until, around = (
            moment(f"--{name}", text) if text is not None else None
            for name, text in (("since", self.since), ("until", self.until), ("around", self.around))
        )
        window = duration("--window", self.window) if self.window is not None else None
        return Asked(since=since, until=until, around=around, window=window, **whom)


@dataclass(frozen=True)
class Chosen(Span):
    """What part of it is shown: of the time, and of whom."""

    namespace: Namespaces = None
    controller: Controllers = None
    pod: Pods = None
    on: On = None

    def asked(self, **whom: tuple[str, ...]) -> Asked:
        given = {"namespaces": self.namespace, "controllers": self.controller, "pods": self.pod, "nodes": self.on}
        return super().asked(**{name: tuple(dict.fromkeys(values or ())) for name, values in given.items()}, **whom)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer reads it: in place of a parameter that is one of the groups, the options of that group."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        group = groups.get(parameter.name)
        named = {f.name: f.default for f in fields(group)} if group else {parameter.name: parameter.default}
        types = get_type_hints(group, include_extras=True) if group else hints
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[name])
            for name, default in named.items()
        ]

    @wraps(command)
    def spreaded(**given: Any) -> None:
        gathered = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        for group in gathered.values():
            if isinstance(group, Where):
                group.begin()
        command(**given, **gathered)

    spreaded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spreaded.__annotations__ = {p.name: p.annotation for p in parameters}
    del spreaded.__wrapped__
    return spreaded


def _captured(text: str | None) -> datetime | None:
    from datetime import UTC, datetime

    from analyzer.exceptions import UsageError

    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"--captured {text}: write a time as 2024-05-06T12:00:00Z") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def parse_desired(values: list[str] | None) -> dict[Name, int]:
    """``default/Deployment/web=3`` to ((namespace, kind, name), 3)."""
    from analyzer.exceptions import UsageError

    found: dict[Name, int] = {}
    for value in values or []:
        name, _, number = value.rpartition("=")
        parts = name.split("/")
        if len(parts) != 3 or not number.isdigit():
            raise UsageError(f"--desired {value}: write NAMESPACE/KIND/NAME=NUMBER, e.g. default/Deployment/web=3")
        found[(parts[0], parts[1], parts[2])] = int(number)
    return found


def check_kinds(option: str, kinds: list[str] | None) -> None:
    from analyzer.detectors import kinds_known
    from analyzer.exceptions import UsageError

    for kind in kinds or []:
        if kind not in (there := kinds_known()):
            raise UsageError(f"{option} {kind}: there is no such kind (there are: {', '.join(there)})")


def opened(paths: list[str] | None, store: Path | None) -> Target | None:
    """The store on disk, if one was named; else None (then the evidence is read into memory)."""
    from analyzer.exceptions import UsageError

    if store is not None:
        from analyzer.store import open_store

        return open_store(store, create=bool(paths))
    if not paths:
        raise UsageError("nothing to read: give a PATH (a folder with logs, say) or --store DIR")
    return None


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """A place that cannot be written to is the command line's fault."""
    from analyzer.exceptions import UsageError

    try:
        yield
    except BrokenPipeError:  # standard output, of which the reader went away
        raise
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {error.strerror or error} (choose another place with --out)") from error


@lru_cache(maxsize=1)
def _redaction_key(path: Path | None) -> bytes:
    """One for all that a command prints."""
    from analyzer.redaction import find_key

    key, made_up = find_key(path)
    if made_up:
        complain(f"redacted with the key {key.decode()} (in PODOPSY_REDACT_KEY it gives the same replacements again)")
    return key


def run(evidence: Evidence, question: Question = Question(), chosen: Span = Span(), shared: Shared = Shared()) -> Analysis:
    """One analysis as the command line asks for it; what could not be read or used is told on stderr."""
    from analyzer.analysis import analyze

    question.check()
    asked = chosen.asked()
    if evidence.node is not None and not evidence.paths:  # nothing is read of which it could be said: it chooses
        asked = replace(asked, nodes=(*asked.nodes, evidence.node))
    with progress() as bar:
        analysis = analyze(
            evidence.paths or [],
            store=opened(evidence.paths, evidence.store),
            options=evidence.options(),
            desired=parse_desired(question.desired),
            kinds=question.kind,
            without=question.without,
            progress=bar,
        )
    if evidence.node is not None and evidence.paths:
        _warn_of_mixing(analysis, evidence.node)
    analysis = analysis.narrowed(asked)
    if shared.redact:
        from analyzer.redaction import redacted

        analysis = redacted(analysis, _redaction_key(shared.redact_key))
    for line in analysis.failed:
        complain(line)
    problems = analysis.incomplete()
    for line in problems[:_PROBLEMS]:
        complain(line)
    if len(problems) > _PROBLEMS:
        complain(f"and {len(problems) - _PROBLEMS} more sources that were not wholly read (podopsy inspect lists them)")
    return analysis


def _warn_of_mixing(analysis: Analysis, node: str) -> None:
    """--node makes one node of all evidence: where that names several itself, --on may have been meant."""
    from analyzer.outputs.words import names

    hosts = sorted(analysis.store.table("activity")["node"].drop_nulls().unique().to_list())
    if len(hosts) > 1:
        complain(f"--node {node}: the evidence names {names(hosts)}; all of it counts as {node}'s (--on {node} would show that node alone)")
