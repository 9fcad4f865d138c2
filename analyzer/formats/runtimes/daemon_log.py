"""The log of a container runtime's daemon in a file of its own, without a journal around its lines.

logrus writes ``time="2021-08-03T09:17:57.123456789Z" level=info msg="..." key=value``, or the same as JSON (``"log-format": "json"``):
/var/log/docker.log, /var/log/upstart/docker.log, what k3s keeps of its containerd. Whose it is stands nowhere: that is told by what only
one of the three daemons says. The logs of other programs look alike and are none of ours.
"""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.json_documents import peeked
from analyzer.formats.lines import beginning, filled
from analyzer.formats.tables import Reject, numbered, reject_frame, shaped
from analyzer.formats.times import utc
from analyzer.vocabulary import RECORDS

_STAMP: Final = r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?:Z|(?P<zone>[+-]\d\d:?\d\d))?"
_TEXT: Final = rf'^(?P<lead>)time="{_STAMP}" level='
_JSON: Final = rf'^(?P<lead>\{{(?:.*,)?)"time":"{_STAMP}"'
_LIKE: Final = re.compile(
    r'time="\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*(?: \S+)?" level=\w+ |\{(?=.*"level":")(?=.*"msg":").*"time":"\d{4}-\d\d-\d\d'
)

_WRITERS: Final = {
    "crio": re.compile(
        r"name=/?runtime\.v1|Starting CRI-O|with infra container: |[Ss]top\w+ pod sandbox: |Node configuration value for "
        r"|Using conmon executable|(?:Creat|Start|Stopp|Remov)(?:ed|ing) container:? [0-9a-f]{64}|Got pod network |CNI network .* \(type="
    ),
    "dockerd": re.compile(
        r"module=\"?(?:libcontainerd|grpc)|libcontainerd: |Daemon has completed initialization|API listen on |Loading containers: "
        r"|Docker daemon|Processing signal '|Daemon shutdown complete|Calling (?:GET|POST|DELETE|HEAD) /|Handler for (?:GET|POST|DELETE) /"
        r"|Graph migration to content-addressability|Firewalld running: |Default bridge \(docker0\)|failed to exit within \d+"
        r"|No non-localhost DNS nameservers are left|\[graphdriver\]|topic=/?tasks/|\"topic\":\"/tasks/"
    ),
    "containerd": re.compile(
        r"io\.containerd\.|starting containerd|containerd successfully booted|(?:Run|Stop|Remove)PodSandbox (?:for )?[\\\"&n]"
        r"|(?:Start|Stop|Remove)Container for |CreateContainer within sandbox|shim (?:disconnected|reaped|started)"
        r"|containerd-shim|cleaning up dead shim"
        r"|Start cri plugin|Start recovering state|TaskExit event|Image(?:Create|Update|Delete) event|namespace\"?[=:]\"?k8s\.io"
    ),
}
"""What only one of them says; in this order where two say as much, for dockerd repeats what its own containerd logs."""


def writer(lines: Sequence[str]) -> str | None:
    """The daemon that wrote these lines; None if nothing tells."""
    told = {daemon: sum(1 for line in lines if says.search(line)) for daemon, says in _WRITERS.items()}
    best = max(told, key=lambda daemon: told[daemon])
    return best if told[best] else None


class DaemonLog:
    """Lines of logrus that a runtime's daemon wrote."""

    name = "daemon-log"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Half of the lines that are not indented are logrus', one of the first twenty is, and one of the daemons is to be told."""
        lines = [line for line in beginning(head)[:200] if not line[0].isspace()]
        found = [number for number, line in enumerate(lines) if _LIKE.match(line)]
        return bool(found) and found[0] < 20 and 2 * len(found) >= len(lines) and writer([lines[number] for number in found]) is not None

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        head, whole = peeked(stream, HEAD)
        daemon = writer(beginning(head))
        return numbered(filled(whole), lambda frame, first: _batch(frame, first, daemon))


def _batch(frame: pl.DataFrame, first: int, daemon: str | None) -> Batch:
    """A line of another writer (a panic, klog) is a record without a time: logrus itself escapes line ends."""
    text, json = pl.col("raw").str.extract_groups(_TEXT).struct, pl.col("raw").str.extract_groups(_JSON).struct
    parts = {name: pl.coalesce(text.field(name), json.field(name)) for name in ("date", "clock", "fraction", "zone")}
    timed = frame.with_columns(**parts).with_columns(time=utc(*map(pl.col, parts)))
    wrong = pl.col("time").is_null() & pl.col("date").is_not_null()
    known = timed.filter(~wrong).with_columns(
        resolution_us=pl.when(pl.col("fraction").is_null()).then(1_000_000).otherwise(1),
        message=pl.col("raw"),
        identifier=pl.when(pl.col("time").is_not_null()).then(pl.lit(daemon, pl.String)),
    )
    ordinals = pl.int_range(first, first + known.height, dtype=pl.Int64).alias("record")
    rejects = [
        Reject(line, offset, "no such date", raw) for line, offset, raw in timed.filter(wrong).select("line", "offset", "raw").iter_rows()
    ]
    return Batch(records=shaped(known.with_columns(ordinals), RECORDS), rejects=reject_frame(rejects))


FORMAT = DaemonLog()
