"""With which flags a program of Kubernetes was started, as journald saw its command line: once a process and batch.

Of those only that tell how long it waits. The command line goes before what the kubelet's configuration file says.
"""

import re
from collections.abc import Iterator

import orjson
import polars as pl

from analyzer.few import known
from analyzer.grammars.base import Fields, events_frame, fields, position
from analyzer.grammars.controller_manager import TIMING_FLAGS
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EventKind as E

_KUBELET = "node-status-update-frequency"
_FLAG = re.compile(rf"(?:^|\s)--?(?P<flag>{'|'.join((_KUBELET, *TIMING_FLAGS))})[= ](?P<is>\S+)")


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of a journal to EVENTS (without source_id)."""
    return events_frame(list(_events(chosen(records, _told).unique(["node", "boot_id", "pid"], keep="first", maintain_order=True))))


def _told(seen: Seen) -> pl.Series | None:
    more = seen.records["fields"]
    return None if more.null_count() == len(more) else known(more.str.contains('"_CMDLINE":', literal=True))


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        for flag, value in _FLAG.findall(orjson.loads(record["fields"])["_CMDLINE"]):
            kubelet = flag == _KUBELET
            attributes = {"flag": flag, "is": value, "from": "command line"}
            yield {
                **position(record),
                **fields(E.KUBELET_FLAG if kubelet else E.CONTROL_PLANE_FLAG, attributes=attributes),
                **({} if kubelet else {"node": None}),
                "component": "kubelet" if kubelet else "controller-manager",
                "message": f"--{flag}={value}",
                "text": f"_CMDLINE of process {record['pid']}: --{flag}={value}",
            }
