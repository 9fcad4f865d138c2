"""podman's events in the journal, where it keeps them by default: the MESSAGE is what ``podman events`` prints.

How a container ended stands in a field of its own (PODMAN_EXIT_CODE), which is not read.
"""

import polars as pl

from analyzer.formats.runtimes.docker_json import fields
from analyzer.formats.runtimes.docker_text import split_attributes
from analyzer.formats.runtimes.podman_events import PODMAN, TIME
from analyzer.grammars import docker
from analyzer.grammars.base import events_frame
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen, written_by

_WORDS = TIME + r"container \S+ [0-9a-f]+(?: \(|$)"


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'journal' that podman wrote to EVENTS (without source_id). Their time is the journal's."""
    own = chosen(records, _said)
    if own.is_empty():
        return events_frame([])
    told = [_told(body) for body in own["message"].str.replace(TIME, "")]
    columns = pl.DataFrame(told, schema={"message": pl.String, "fields": pl.String}, orient="row")
    return docker.understand(own.with_columns(columns))


def _said(seen: Seen) -> pl.Series | None:
    return written_by(seen, "^podman$", _WORDS)


GRAMMAR = Grammar(alone(understand), others=_said)


def _told(body: str) -> tuple[str | None, str | None]:
    try:
        message, attributes = PODMAN.parse(body)
    except ValueError:
        return None, None
    return message, fields(dict(split_attributes(attributes))) if attributes else None
