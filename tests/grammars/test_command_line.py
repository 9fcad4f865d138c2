"""Flags on a command line that journald recorded."""

import json
from io import BytesIO

import pytest

from analyzer import formats, grammars
from analyzer.formats.base import ReadContext

KUBELET = "/usr/bin/kubelet --api-servers=http://10.0.0.1:8080 --node-status-update-frequency=4s --v=2"


def events(*entries: dict[str, str]) -> list[dict[str, object]]:
    lines = [
        json.dumps(
            {"__REALTIME_TIMESTAMP": str(1_700_000_000_000_000 + n), "_HOSTNAME": "a", "_PID": "7", "_BOOT_ID": "b", "MESSAGE": "x", **e}
        )
        for n, e in enumerate(entries)
    ]
    known = formats.named("journal-json")
    (batch,) = known.read(BytesIO("\n".join(lines).encode() + b"\n"), ReadContext(2026))
    return list(grammars.understand(batch, known.family).iter_rows(named=True))


def test_a_kubelets_own_flag_is_told_once() -> None:
    (event,) = events(*[{"_CMDLINE": KUBELET}] * 3)
    assert (event["kind"], event["component"], event["node"]) == ("kubelet_flag", "kubelet", "a")
    assert json.loads(str(event["attributes"])) == {"flag": "node-status-update-frequency", "is": "4s", "from": "command line"}


def test_a_controller_managers_flags() -> None:
    found = events({"_CMDLINE": "kube-controller-manager --node-monitor-period 2s --node-monitor-grace-period=16s --v=2"})
    assert [(e["kind"], e["message"]) for e in found] == [
        ("control_plane_flag", "--node-monitor-period=2s"),
        ("control_plane_flag", "--node-monitor-grace-period=16s"),
    ]
    assert {e["node"] for e in found} == {None}


@pytest.mark.parametrize(
    "line", ["/usr/bin/kubelet --config=/etc/kubelet.yaml", "grep -- --node-monitor-", 'sh -c "--x-node-monitor-period=1s"']
)
def test_others_tell_nothing(line: str) -> None:
    assert events({"_CMDLINE": line}) == []


def test_a_command_line_with_quotes() -> None:
    assert len(events({"_CMDLINE": 'kubelet --node-labels="a\\b" --node-status-update-frequency=5s'})) == 1
