"""What a source's place in a bundle tells."""

from pathlib import Path

import pytest

from analyzer import ingest
from analyzer.evidence.layouts import kind_nodes, place
from analyzer.store import MemoryStore

UID = "19cf7564-3ab0-4d6a-8ed5-8b701600fbe8"
ID = "0fdb48ad" * 8


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            f"var/log/pods/kube-system_etcd-a_{UID}/etcd/3.log",
            {"namespace": "kube-system", "pod": "etcd-a", "uid": UID, "container": "etcd"},
        ),
        (f"var/log/containers/web-1_default_web-{ID}.log", {"namespace": "default", "pod": "web-1", "container": "web", "id": ID}),
        (f"var/lib/docker/containers/{ID}/{ID}-json.log", {"id": ID}),
        ("mg/image/namespaces/a-b/pods/p-1.x/c/c/logs/previous.insecure.log", {"namespace": "a-b", "pod": "p-1.x", "container": "c"}),
        ("sb/cluster-resources/pods/logs/ns/p/c-previous.log", {"namespace": "ns", "pod": "p", "container": "c"}),
        ("podlogs/ns/p/logs/c.txt", {"namespace": "ns", "pod": "p", "container": "c"}),
        ("plugins/systemd_logs/results/ip-10-0-1-2.ec2.internal", {"node": "ip-10-0-1-2.ec2.internal"}),
        ("plugins/systemd-logs/results/n1/systemd_logs", {"node": "n1"}),
        ("nodes/n1.x/n1.x_logs_kubelet.gz", {"node": "n1.x"}),
        ("hosts/n1/healthz.json", {"node": "n1"}),
        ("dump/kube-system/etcd-a/logs.txt", {"namespace": "kube-system", "pod": "etcd-a"}),
        ("sosreport-n1-0123-2024-05-06-abcdefg/date", {"node": "n1", "bundle": "/evidence/sosreport-n1-0123-2024-05-06-abcdefg"}),
        ("sosreport-n1.x-20240506123456/date", {"node": "n1.x", "bundle": "/evidence/sosreport-n1.x-20240506123456"}),
        ("eks_i-0a1b_2024-05-06_1717-UTC_0.7/docker/x", {"bundle": "/evidence/eks_i-0a1b_2024-05-06_1717-UTC_0.7"}),
    ],
)
def test_places(source: str, expected: dict[str, str]) -> None:
    found = place(source, "evidence")
    assert found is not None
    told = {name: value for name, value in vars(found).items() if value is not None and name != "layout"}
    assert told == expected


def test_a_node_within_a_sosreport_also_says_which_container() -> None:
    found = place(f"sosreport-n1-2024-05-06-abcdefg/var/log/pods/ns_p_{UID}/c/0.log", "x")
    assert found is not None
    assert (found.layout, found.node, found.container) == ("/var/log/pods", "n1", "c")


@pytest.mark.parametrize("source", ["kubelet.log", "logs/pods/web.log", "namespaces/a/pods/p/p.yaml", "results/n1/journal.json"])
def test_other_places_tell_nothing(source: str) -> None:
    assert place(source, "evidence") is None


def test_nodes_that_kind_exported() -> None:
    names = ["kind-worker2/journal.log", "kind-worker2/kubernetes-version.txt", "kind-worker2/pods/x.log", "other/journal.log"]
    kinds = kind_nodes((name, "export") for name in names)
    assert kinds == {"/export/kind-worker2"}
    found = place("kind-worker2/pods/x.log", "export", kinds)
    assert found is not None
    assert (found.node, found.bundle) == ("kind-worker2", "/export/kind-worker2")


JOURNAL = '{"__REALTIME_TIMESTAMP":"1700000000000000","_HOSTNAME":"ip-10-0-1-2","SYSLOG_IDENTIFIER":"kubelet","MESSAGE":"a"}\n'
DOCKER = f"2023-11-14T22:13:20.000000001Z container die {ID} (exitCode=0, image=a, name=b)\n"


def decided(folder: Path) -> dict[str, tuple[str, str]]:
    store = MemoryStore()
    ingest.ingest([folder], store)
    names = dict(store.table("sources").select("source_id", "source").iter_rows())
    return {names[source_id]: (node, how) for source_id, node, how in store.table("attributions").iter_rows()}


def test_docker_events_of_a_bundle_are_of_the_host_that_its_journal_names(tmp_path: Path) -> None:
    bundle = tmp_path / "eks_i-0a1b_2024-05-06_1717-UTC_0.7"
    for name, text in (("kubelet/kubelet.log", JOURNAL), ("docker/events", DOCKER)):
        (bundle / name).parent.mkdir(parents=True)
        (bundle / name).write_text(text)
    assert decided(tmp_path)[f"{bundle.name}/docker/events"] == ("ip-10-0-1-2", "bundle")


def test_a_journal_without_hosts_is_of_the_node_that_the_layout_names(tmp_path: Path) -> None:
    results = tmp_path / "plugins" / "systemd_logs" / "results"
    results.mkdir(parents=True)
    (results / "n7").write_text(JOURNAL.replace('"_HOSTNAME":"ip-10-0-1-2",', ""))
    assert decided(tmp_path) == {"plugins/systemd_logs/results/n7": ("n7", "layout")}


def test_outside_of_a_bundle_neighbours_tell_nothing(tmp_path: Path) -> None:
    (tmp_path / "kubelet.log").write_text(JOURNAL)
    (tmp_path / "events").write_text(DOCKER)
    assert "events" not in decided(tmp_path)
