"""Holes that the logs tell of themselves: what journald or rsyslog dropped, and boots of which no line is here."""

import re
from datetime import datetime

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.lifecycle import correction
from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.coverage_hole import Found, Hole, Where, told
from analyzer.proof import Proof
from analyzer.store import Store, source_names
from analyzer.vocabulary import EVENTS, EventKind

_BOOT = re.compile(r"boot ([0-9a-f]{32}): first (\S+) last (\S+)")
_KERNEL = re.compile(r"Missed \d+ kernel messages")


def suppressed(store: Store, clocks: Clocks) -> Found:
    """Between the last line before and the line that says that messages were dropped."""
    dropped = store.scan("events").filter(pl.col("kind") == str(EventKind.LOG_SUPPRESSED), pl.col("time").is_not_null())
    events = dropped.collect().cast(EVENTS)
    attributes = pl.col("attributes").str
    rows = (
        with_nodes(events, store, pl.lit(True))
        .join(store.table("sources").select("source_id", "format").unique("source_id"), on="source_id")
        .join(source_names(store), on="source_id")
        .with_columns(
            since=attributes.json_path_match("$.since").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
            unit=attributes.json_path_match("$.unit"),
        )
        .sort("node", "format", "time", "source", "record", nulls_last=True)
        .unique(["node", "format", "since", "time", "message"], keep="first", maintain_order=True)
    )
    for row in correction.frame(clocks, rows).iter_rows(named=True):
        since: datetime = row["since"] or row["time"]
        count = f"{row['value']} messages" if row["value"] is not None else "messages"
        kernel = _KERNEL.match(row["message"] or "")
        unit = row["unit"].removesuffix(".service") if row["unit"] else "kernel" if kernel else None
        of = f" of {row['unit'] or unit}" if unit else ""
        why = f"{count}{of} were suppressed"
        proof = Proof(row["time"], row["source"], row["line"], row["offset"], row["text"], "it says that messages were dropped")
        settled = "nothing: they were never written (another node's or the API's view of that time remains)"
        yield Where(row["node"], row["format"]), Hole(since, row["time"], why, "suppressed", (proof,), settled, unit)


def missing_boots(lines: pl.DataFrame, start: datetime, end: datetime) -> Found:
    """Boots that ``journalctl --list-boots`` knows, within the evidence, and that wrote nothing that is here.

    ``lines``: ACTIVITY with settled nodes and with ``format``, ``family`` and ``source`` of each row.
    """
    journals = lines.filter(pl.col("family") == "journal", pl.col("format") != "journal-boots")
    for row in lines.filter(pl.col("format") == "journal-boots").sort("node", "first_time", "source").iter_rows(named=True):
        named = _BOOT.match(row["first_text"] or "")
        mine = journals.filter(pl.col("node") == row["node"]) if row["node"] else journals
        if named is None or mine.is_empty() or mine["node"].n_unique() != 1:
            continue
        first, last = (datetime.fromisoformat(named[n]) for n in (2, 3))
        seen = (pl.col("boot_id") == named[1]).fill_null(False) | ((pl.col("first_time") <= last) & (pl.col("last_time") >= first))
        if mine.select(seen.any()).item() or last < start or first > end:
            continue
        node: str | None = mine["node"][0]
        why = f"journalctl --list-boots knows of a boot ({named[1][:8]}…), and none of its lines is here"
        proof = Proof(row["first_time"], row["source"], row["first_line"], None, row["first_text"], "there was such a boot")
        hole = Hole(first, last, why, "boot-missing", (proof,), f"journalctl -b {named[1]} of {node}, {told(first, last)}")
        for kind in mine["format"].unique().sort().to_list():
            yield Where(node, kind), hole
