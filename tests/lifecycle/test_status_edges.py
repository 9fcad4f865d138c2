"""What the statuses of containers tell, in the API's objects and in a runtime's snapshots."""

from dataclasses import replace
from typing import Any

import pytest

from analyzer.lifecycle.containers import Status
from analyzer.lifecycle.pods import statuses
from tests.lifecycle.incident import B, at, cid
from tests.lifecycle.parts import clock, version

ID = cid("app")


def of(entry: dict[str, Any], **more: Any) -> list[Status]:
    managed = [{"manager": "kubelet", "time": clock(90)}]
    status = {"containerStatuses": [{"name": "app"} | entry]}
    return list(statuses([version(status=status, metadata={"managedFields": managed}, spec={"nodeName": B}, **more)]))


def running(second: float) -> dict[str, Any]:
    return {"running": {"startedAt": clock(second)}}


def ended(start: float, end: float, identity: str | None = None, code: Any = 137) -> dict[str, Any]:
    told = {"startedAt": clock(start), "finishedAt": clock(end), "exitCode": code}
    return {"terminated": told | ({} if identity is None else {"containerID": f"docker://{identity}"})}


def test_a_container_that_runs() -> None:
    (told,) = of({"containerID": f"docker://{ID}", "state": running(5)})
    assert (told.container_id, told.namespace, told.pod, told.pod_uid, told.container, told.node) == (
        *(ID, "default", "web-0", "uid-web-0", "app"),
        B,
    )
    assert (told.started, told.finished, told.exit_code, told.seen) == (at(5), None, None, at(90))
    assert told.proof.text.endswith(": container app started 2026-03-01T10:00:05.000000Z")


def test_a_container_that_ended() -> None:
    (told,) = of({"containerID": f"docker://{ID}", "state": ended(5, 50)})
    assert (told.container_id, told.started, told.finished, told.exit_code, told.seen) == (ID, at(5), at(50), 137, None)
    assert told.proof.text.endswith("started 2026-03-01T10:00:05.000000Z, finished 2026-03-01T10:00:50.000000Z")


def test_one_that_ended_and_runs_at_once_ended() -> None:
    (told,) = of({"containerID": f"docker://{ID}", "state": ended(5, 50) | running(60)})
    assert (told.started, told.finished, told.seen) == (at(5), at(50), None)


@pytest.mark.parametrize(("end", "finished"), [(4, None), (5, 5), (6, 6)])
def test_an_end_before_the_start_is_none(end: float, finished: float | None) -> None:
    (told,) = of({"containerID": f"docker://{ID}", "state": ended(5, end)})
    assert told.finished == (None if finished is None else at(finished))


def test_the_state_before_tells_its_own_id_or_nothing() -> None:
    (told,) = of({"containerID": f"docker://{ID}", "lastState": ended(5, 50, cid("old"))})
    assert told.container_id == cid("old")
    assert of({"containerID": f"docker://{ID}", "lastState": ended(5, 50)}) == [], "the id is the present container's"
    now, before = of({"containerID": f"docker://{ID}", "state": running(60), "lastState": ended(5, 50, cid("old"))})
    assert (now.container_id, before.container_id) == (ID, cid("old"))
    (own,) = of({"containerID": f"docker://{ID}", "state": ended(5, 50, cid("own"))})
    assert own.container_id == cid("own")


@pytest.mark.parametrize(
    "entry",
    [
        {"containerID": f"docker://{ID}", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        {"containerID": "", "state": running(5)},
        {"containerID": f"docker://{ID}", "state": {"running": {"startedAt": None}}},
        {"containerID": f"docker://{ID}", "state": {"terminated": {"startedAt": "1999-12-31T23:59:59Z", "exitCode": 128}}},
    ],
)
def test_what_tells_of_no_run(entry: dict[str, Any]) -> None:
    assert of(entry) == []


def test_a_clock_of_2000_is_a_clock() -> None:
    (told,) = of({"containerID": f"docker://{ID}", "state": {"running": {"startedAt": "2000-01-01T00:00:00Z"}}})
    assert told.started is not None


@pytest.mark.parametrize(("kind", "count"), [("Pod", 2), ("Node", 0), ("ReplicaSet", 0)])
def test_containers_and_those_before_them(kind: str, count: int) -> None:
    entry = {"name": "app", "containerID": f"docker://{ID}", "state": running(5)}
    both = {"initContainerStatuses": [entry], "containerStatuses": [entry]}
    assert len(list(statuses([version(kind, status=both)]))) == count


def snapshot(kind: str = "Container", **told: Any) -> list[Status]:
    known = {
        "containerID": ID,
        "namespace": "shop",
        "pod": "web-1",
        "podUID": "uid-1",
        "container": "app",
        "running": False,
        "startedAt": clock(5),
        "finishedAt": clock(50),
        "exitCode": 3,
    }
    return list(statuses([replace(version(kind), document=known | told)]))


def test_a_container_as_the_runtime_s_inspect_showed_it() -> None:
    (told,) = snapshot()
    assert (told.container_id, told.namespace, told.pod, told.pod_uid, told.container, told.node) == (
        ID,
        "shop",
        "web-1",
        "uid-1",
        "app",
        None,
    )
    assert (told.started, told.finished, told.exit_code, told.seen) == (at(5), at(50), 3, None)
    assert told.proof.text.endswith("started 2026-03-01T10:00:05.000000Z, finished 2026-03-01T10:00:50.000000Z")
    (told,) = snapshot(finishedAt=None, running=True)
    assert told.finished is None
    assert told.proof.text.endswith("started 2026-03-01T10:00:05.000000Z, running")
    (told,) = snapshot(finishedAt=None, namespace=None, pod=None, podUID=None, container=None)
    assert told.proof.text.endswith("started 2026-03-01T10:00:05.000000Z")
    assert (told.namespace, told.pod, told.pod_uid, told.container) == ("", "", "", "")


@pytest.mark.parametrize(("end", "finished"), [(4, None), (5, 5), (6, 6)])
def test_an_end_before_the_start_is_that_of_the_run_before(end: float, finished: float | None) -> None:
    (told,) = snapshot(finishedAt=clock(end))
    assert told.finished == (None if finished is None else at(finished))


@pytest.mark.parametrize("change", [{"containerID": None}, {"startedAt": None}, {"kind": "Pod"}, {"kind": "Any"}])
def test_no_snapshot_without_its_id_and_its_start(change: dict[str, Any]) -> None:
    assert snapshot(**change) == []
