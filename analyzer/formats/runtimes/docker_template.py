"""``docker events --format`` with a template of one's own: that which gives the members in their order is read.

``{{.Time}} {{.Type}} {{.Action}} {{.ID}}`` (or ``{{.TimeNano}}``), with what follows after a blank: the container's name, as in
``{{.Actor.Attributes.name}}``. Nothing else is told: neither exit code nor signal. A template that prints no time (``{{json .Action}}``,
``Type={{.Type}} Status={{.Status}}``, as the manual has it) is known for what it is, and each line of it a reject that says so.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.lines import join_continuations, records
from analyzer.formats.runtimes.docker_json import ACTIONS, TYPES, docker_frame, fields, message
from analyzer.formats.tables import Reject, numbered, reject_frame
from analyzer.vocabulary import TIME

_TYPES: Final = "|".join(sorted(TYPES))
_BEGIN: Final = rf"^(?P<time>[0-9]{{10}}|[0-8][0-9]{{18}}) (?P<type>{_TYPES}) (?P<action>[a-z][a-z_-]*)(?P<rest>(?:: | ).*)?$"
_COMMAND: Final = r"(?s)^(: .*?) ([0-9a-f]{64})(?: (.*))?$"
_PLAIN: Final = r"(?s)^ (\S*)(?: (.*))?$"
_NAME: Final = r"^\[?/?([A-Za-z0-9][A-Za-z0-9_.-]*)\]?$"
_UNTIMED: Final = re.compile(
    rf'"(?:{"|".join(sorted(ACTIONS))})(?:: .*)?"|(?:Type=(?:{_TYPES})\s+)?(?:Status|Action)=[a-z_]+(?:: .*)?(?:\s+ID=\S*)?', re.DOTALL
)
_LOOKS: Final = re.compile(_BEGIN)
NO_TIME: Final = "an action without a time: the template of docker events did not print it"


class DockerTemplate:
    """Lines that a template made, each with its time first."""

    name = "docker-template"
    family = "docker"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """The first line and most others are events, or every line is one without its time."""
        text = head.decode(errors="replace").lstrip("\ufeff")
        lines = [line.strip() for line in text.splitlines()[:50] if line.strip()]
        if not lines:
            return False
        found = [bool(_LOOKS.match(line)) for line in lines]
        return (found[0] and 2 * sum(found) > len(found)) or all(_UNTIMED.fullmatch(line) for line in lines)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        parts = records(stream, lambda lines: lines["raw"].str.contains(_BEGIN))
        return numbered(parts, lambda part, first: _batch(*part, first))


def _batch(frame: pl.DataFrame, starts: pl.Series, first: int) -> Batch:
    owned = starts.cum_sum() > 0
    strays = frame.filter(~owned)
    whole = join_continuations(frame.filter(owned), starts.filter(owned))  # the command line of an exec may go on
    events = whole.with_columns(pl.col("raw").str.extract_groups("(?s)" + _BEGIN).alias("part")).unnest("part")
    rest = pl.col("rest").fill_null("")
    long = rest.str.starts_with(":")
    command, plain = rest.str.extract_groups(_COMMAND).struct, rest.str.extract_groups(_PLAIN).struct
    events = events.with_columns(
        action=pl.when(long).then(pl.col("action") + command.field("1").fill_null("")).otherwise("action"),
        identity=pl.when(long).then(command.field("2")).otherwise(plain.field("1")).fill_null(""),
        called=pl.when(long).then(command.field("3")).otherwise(plain.field("2")).str.extract(_NAME, 1),
    )
    stamp = pl.col("time").cast(pl.Int64)
    whole_seconds = pl.col("time").str.len_bytes() == 10
    said = [message(*row) for row in events.select("type", "action", "identity").iter_rows()]
    named = [fields({"name": name}) if name else None for name in events["called"]]
    kept = events.with_columns(
        time=pl.when(whole_seconds).then(stamp * 1_000_000).otherwise(stamp // 1000).cast(TIME),
        resolution_us=pl.when(whole_seconds).then(1_000_000).otherwise(1),
        message=pl.Series(said, dtype=pl.String),
        fields=pl.Series(named, dtype=pl.String),
    )
    rejects = [
        Reject(line, offset, NO_TIME if _UNTIMED.fullmatch(raw.strip()) else "no event begins here", raw)
        for line, offset, raw in strays.select("line", "offset", "raw").iter_rows()
        if raw.strip()
    ]
    return Batch(records=docker_frame(kept, first), rejects=reject_frame(rejects))


FORMAT = DockerTemplate()
