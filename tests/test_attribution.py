"""Whose node a source speaks of, and how that was found out."""

import json
import shutil
from pathlib import Path

import pytest

from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.store import MemoryStore

CID, OTHER = "a" * 64, "b" * 64
UID = "00000000-0000-4000-8000-000000000001"
TIME = "2026-11-22T07:00:00.000001"
JOURNAL = f'{TIME}+0000 node-7 kubelet[9]: I1122 07:00:00.000001       9 kubelet.go:1888] SyncLoop (ADD, "api"): "web_default({UID})"\n'
PLEG = (
    f"{TIME}+0000 node-7 kubelet[9]: I1122 07:00:00.000001       9 kubelet.go:1917] SyncLoop (PLEG): "
    f'"web_default({UID})", event: &pleg.PodLifecycleEvent{{ID:"{UID}", Type:"ContainerStarted", Data:"{CID}"}}\n'
)


def docker(container: str, pod: str | None = None) -> str:
    name = f", name=k8s_web_web_default_{pod}_0" if pod else ", name=x"
    return f"{TIME}001Z container start {container} (image=x{name})\n"


def nodes(folder: Path, files: dict[str, str], **options: str) -> dict[str, tuple[str, str]]:
    """By source: the node and how it was decided. What is missing could not be decided."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    store = MemoryStore()
    ingest([folder], store, Options(**options))  # type: ignore[arg-type]
    joined = store.table("attributions").join(store.table("sources"), on="source_id")
    return {row["source"]: (row["node"], row["how"]) for row in joined.iter_rows(named=True)}


def test_by_the_host_field(tmp_path: Path) -> None:
    assert nodes(tmp_path, {"x/kubelet.log": JOURNAL}) == {"x/kubelet.log": ("node-7", "host field")}


def test_by_option(tmp_path: Path) -> None:
    """It goes before what the records say."""
    found = nodes(tmp_path, {"kubelet.log": JOURNAL, "docker.txt": docker(CID)}, node="node-1")
    assert found == {"kubelet.log": ("node-1", "option"), "docker.txt": ("node-1", "option")}


def test_by_containers(tmp_path: Path) -> None:
    """A folder that bears another node's name is wrong where the containers say otherwise."""
    other = JOURNAL.replace("node-7", "node-8").replace("web_", "db_").replace(UID, UID[:-1] + "2")
    files = {"7/kubelet.log": PLEG, "8/kubelet.log": other, "node-8/docker.txt": docker(CID)}
    assert nodes(tmp_path, files)["node-8/docker.txt"] == ("node-7", "containers")


def test_by_pods(tmp_path: Path) -> None:
    files = {"kubelet.log": JOURNAL, "host-xyz/docker.txt": docker(OTHER, UID)}
    assert nodes(tmp_path, files)["host-xyz/docker.txt"] == ("node-7", "pods")


def test_by_pod_objects(tmp_path: Path) -> None:
    meta = {"name": "web", "namespace": "default", "uid": UID, "creationTimestamp": "2026-11-22T07:00:00Z"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": "node-9"}, "status": {"phase": "Running"}}
    files = {"pods.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod]}), "docker.txt": docker(OTHER, UID)}
    assert nodes(tmp_path, files) == {"docker.txt": ("node-9", "pods")}


@pytest.mark.parametrize("where", ["node-7/docker.txt", "node-7/logs/today/docker.txt", "node-8/node-7/docker.txt"])
def test_by_the_nearest_folder_with_the_name_of_a_node(tmp_path: Path, where: str) -> None:
    other = JOURNAL.replace("node-7", "node-8")
    found = nodes(tmp_path, {"a/kubelet.log": JOURNAL, "b/kubelet.log": other, where: docker(OTHER)})
    assert found[where] == ("node-7", "folder")


def test_by_the_name_of_the_path_itself(tmp_path: Path) -> None:
    (tmp_path / "node-7").mkdir()
    (tmp_path / "node-7" / "docker.txt").write_text(docker(OTHER))
    (tmp_path / "kubelet.log").write_text(JOURNAL)
    store = MemoryStore()
    ingest([tmp_path / "node-7", tmp_path / "kubelet.log"], store)
    assert set(store.table("attributions")["node"]) == {"node-7"}


def test_a_folder_that_names_no_known_node_proves_nothing(tmp_path: Path) -> None:
    assert "web-server/docker.txt" not in nodes(tmp_path, {"kubelet.log": JOURNAL, "web-server/docker.txt": docker(OTHER)})


def test_docker_events_of_a_sample_under_foreign_names(sample_logs: Path, tmp_path: Path) -> None:
    for number, foreign in (("1", "left"), ("2", "right")):
        for name in ("kubelet.journal.json", "docker-events.jsonl"):
            target = tmp_path / foreign / name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(sample_logs / "quick-restart" / f"minion-0{number}" / name, target)
    found = nodes(tmp_path, {})
    assert found["left/docker-events.jsonl"] == ("minion-01", "containers")
    assert found["right/docker-events.jsonl"] == ("minion-02", "containers")
