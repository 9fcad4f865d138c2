"""From a journal entry's fields, however they were written, to the columns of a record. See systemd.journal-fields(7)."""

import polars as pl

from analyzer.few import kept as rows_kept
from analyzer.formats.base import Batch
from analyzer.formats.lines import conform
from analyzer.formats.tables import reject_frame
from analyzer.vocabulary import RECORDS, REJECTS, TEXT_LIMIT, TIME

KEPT = (
    "MESSAGE_ID",
    "JOB_TYPE",
    "JOB_RESULT",
    "INVOCATION_ID",
    "_SYSTEMD_INVOCATION_ID",
    "EXIT_CODE",
    "EXIT_STATUS",
    "N_RESTARTS",
    "N_DROPPED",
    "__SEQNUM",  # systemd >= 254
    "_CMDLINE",  # where it has one of TIMING
)
"""What goes into a record's ``fields``."""
TIMING = ("--node-status-update-frequency", "--node-monitor-", "--pod-eviction-timeout", "--default-unreachable-t", "--default-not-ready-t")
"""Flags that tell how long Kubernetes waits: a command line without any says nothing that is needed."""

NEEDED = (
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "_HOSTNAME",
    "UNIT",
    "_SYSTEMD_UNIT",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "_PID",
    "SYSLOG_PID",
    "_BOOT_ID",
    "MESSAGE",
    *KEPT,
)

_YEAR_9999 = 253_402_300_800_000_000
_ESCAPED = r'["\\\x00-\x1f]'  # what JSON must escape
_NO_TIME = "journal entry without a readable __REALTIME_TIMESTAMP"


def assemble(entries: pl.DataFrame, first: int) -> Batch:
    """Records and rejects of entries: ``line``, ``offset``, ``raw`` and the NEEDED fields as strings or null.

    A ``reason`` that is not null marks an entry that could not be read. ``first`` is the ordinal of the first record.
    Time is that of the message's source where there is one, as journalctl shows it in its text modes (systemd >= 254).
    """
    if "reason" not in entries.columns:
        entries = entries.with_columns(reason=pl.lit(None, pl.String))
    received, sent = _moment("__REALTIME_TIMESTAMP"), _moment("_SOURCE_REALTIME_TIMESTAMP")
    entries = entries.with_columns(reason=pl.coalesce("reason", pl.when(received.is_null()).then(pl.lit(_NO_TIME))))
    unread = entries["reason"].is_not_null()
    records = (
        rows_kept(entries, ~unread)
        .with_row_index("record", first)
        .with_columns(
            time=pl.coalesce(sent, received).cast(TIME),
            resolution_us=pl.lit(1, pl.Int64),
            node=pl.col("_HOSTNAME"),
            unit=pl.coalesce("UNIT", "_SYSTEMD_UNIT"),
            identifier=pl.coalesce("SYSLOG_IDENTIFIER", "_COMM"),
            pid=pl.coalesce(pl.col("_PID", "SYSLOG_PID").cast(pl.Int64, strict=False)),
            boot_id=pl.col("_BOOT_ID"),
            message=pl.col("MESSAGE"),
            _CMDLINE=pl.when(pl.col("_CMDLINE").str.contains_any(list(TIMING))).then("_CMDLINE"),
        )
    )
    records = records.with_columns(fields=kept(records))
    return Batch(records=conform(records, RECORDS), rejects=rejected(rows_kept(entries, unread)))


def rejected(rows: pl.DataFrame) -> pl.DataFrame:
    """Rejects from rows with ``line``, ``offset``, ``reason`` and ``raw``."""
    if rows.is_empty():
        return reject_frame([])
    return conform(rows.with_columns(pl.col("raw").str.slice(0, TEXT_LIMIT)), REJECTS)


def _moment(name: str) -> pl.Expr:
    micros = pl.col(name).cast(pl.Int64, strict=False)
    return pl.when(micros.is_between(1, _YEAR_9999, closed="left")).then(micros)


def kept(entries: pl.DataFrame) -> pl.Series:
    """The KEPT fields that are there, as a JSON object, or null."""
    there = [name for name in KEPT if entries[name].null_count() < entries.height]  # a kubelet's journal has one or two
    if not there:
        return pl.Series(KEPT[0], [None], pl.String).new_from_index(0, entries.height)
    new = entries.select(pl.any_horizontal(pl.col(there).ne_missing(pl.col(there).shift())) | (pl.int_range(pl.len()) == 0)).to_series()
    return _objects(entries.select(there).filter(new)).gather(new.cum_sum() - 1)  # a process says the same with each line


def _objects(entries: pl.DataFrame) -> pl.Series:
    if entries.select(pl.any_horizontal(pl.all().str.contains(_ESCAPED)).any()).item():
        # Nulls are taken out of the text: a quotation mark within a value is escaped, so that only members match.
        text = pl.struct(pl.all()).struct.json_encode().str.replace_all(r'"[A-Z_]+":null,?', "").str.replace(r",\}$", "}")
    else:  # several times as fast
        members = [pl.lit(f'"{name}":"') + pl.col(name) + pl.lit('"') for name in entries.columns]
        text = "{" + pl.concat_str(members, separator=",", ignore_nulls=True) + "}"
    return entries.select(pl.when(text != "{}").then(text)).to_series()
