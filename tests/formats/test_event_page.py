"""must-gather's page of events."""

import io
from datetime import UTC, datetime

import polars as pl
import pytest

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes import event_page
from analyzer.formats.kubernetes.event_page import FORMAT
from analyzer.formats.lines import records
from analyzer.grammars import understand

HEAD = """\

<!doctype html>
<html lang="en">
<table
  id="events"
  class="table">
  <thead>
    <tr>
      <th data-width="100" data-field="time">Time</th>
      <th data-width="200" data-field="relatedobject">RelatedObject</th>
    </tr>
  </thead>
  <tbody>
"""
ROW = """\

    <tr>
      <td><time datetime="{}" title="First Seen: 11:20:01">11:20:01</time>{}</td>
      <td><p class="truncated">ns</p></td>
      <td><p class="truncated">{}</p></td>
      <td><p class="truncated">{}</p></td>
      <td><p class="text-muted">{}</p></td>
      <td data-formatter="messageFormatter">{}</td>
    </tr>
"""
TAIL = "\n  </tbody>\n</table>\n<script>x</script>\n</html>\n"
AT = "2021-08-03 11:20:01 +0200 CEST"
PAGE = (
    HEAD
    + ROW.format(AT, "", "kubelet", "web-1", "Killing", "Stopping container web &#43; more\n&#34;lines&#34;\n")
    + ROW.format(AT, " <small>(x7)</small>", "kubelet", "n1", "NodeNotReady", "Node n1 status is now: NodeNotReady")
    + ROW.format(AT, "", "", "web-1", "Scheduled", "Successfully assigned ns/web-1 to n1")
    + ROW.format(AT, "", "replicaset-controller", "web", "SuccessfulCreate", "Created pod: web-1")
    + ROW.format(AT, "", "multus", "web-1", "<unknown>Created", "x")
    + TAIL
)


def read(text: str) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026)), Batch()]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def test_rows() -> None:
    assert formats.detect(PAGE.encode(), "event-filter.html") is FORMAT
    batch = read(PAGE)
    assert batch.rejects.is_empty()
    assert batch.records["message"].to_list() == [
        'Pod/web-1 Killing: Stopping container web + more\n"lines"',
        "Node/n1 NodeNotReady: Node n1 status is now: NodeNotReady",
        "Pod/web-1 Scheduled: Successfully assigned ns/web-1 to n1",
        "ReplicaSet/web SuccessfulCreate: Created pod: web-1",
        "?/web-1 <unknown>Created: x",
    ]
    assert batch.records["time"].unique().to_list() == [datetime(2021, 8, 3, 9, 20, 1, tzinfo=UTC)]
    assert batch.records["resolution_us"].unique().to_list() == [2_000_000]
    lines = PAGE.split("\n")
    assert all(lines[line - 1].strip() == "<tr>" for line in batch.records["line"])


def test_events() -> None:
    events = understand(read(PAGE), FORMAT.family)
    assert events.select("kind", "node", "k8s_pod_name", "controller", "k8s_namespace_name").rows() == [
        ("pod_container_killing", None, "web-1", None, "ns"),
        ("node_not_ready", "n1", None, None, None),
        ("pod_scheduled", "n1", "web-1", None, "ns"),
        ("pod_created", None, "web-1", "ReplicaSet/web", "ns"),
        ("api_event", None, None, "?/web-1", "ns"),
    ]


def test_damage() -> None:
    batch = read(PAGE.replace(AT, "N/A", 1).replace("</p>", "", 12))
    assert batch.rejects["reason"].unique().to_list() == ["no row of must-gather's events"]
    assert batch.records.height + batch.rejects.height == 5


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(PAGE)
    monkeypatch.setattr(event_page, "records", lambda stream, starts, size: records(stream, starts, 700))
    assert read(PAGE).records.equals(whole.records)


@pytest.mark.parametrize("other", ["", "<!doctype html><table id='events'>", '<table id="events">', "text"])
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "event-filter.html")
