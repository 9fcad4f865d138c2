"""What the evidence covers, and the holes that it tells of."""

from pathlib import Path

import pytest

from tests.lifecycle.incident import Incident, at


@pytest.mark.parametrize("mode", ["journald", "rsyslog"])
def test_suppressed_messages_are_a_hole(mode: str, tmp_path: Path) -> None:
    incident = Incident()
    incident.alive("node-a", 0, 100)
    incident.alive("node-b", 0, 200)
    said = {
        "journald": "systemd-journald[77]: Suppressed 1234 messages from kubelet.service",
        "rsyslog": "rsyslogd: imjournal: begin to drop messages due to rate-limiting",
    }[mode]
    incident.journals["node-a"].append((130, said))
    incident.alive("node-a", 131, 200)
    analysis = incident.analyze(tmp_path)
    (mine,) = [c for c in analysis.life.coverage if c.node == "node-a"]
    assert [(start, end) for start, end, _ in mine.gaps] == [(at(100), at(130))]
    assert ("1234 messages of kubelet.service" in mine.gaps[0][2]) is (mode == "journald")
    assert [c.gaps for c in analysis.life.coverage if c.node == "node-b"] == [()]
    (told,) = [c for c in analysis.document()["coverage"] if c["node"] == "node-a"]
    assert told["gaps"][0][:2] == ["2026-03-01T10:01:40.000000Z", "2026-03-01T10:02:10.000000Z"]
