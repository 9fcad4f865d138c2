"""Whose lines become a kubelet's events: names, units, and what the other lines of a nameless writer show."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import empty
from analyzer.grammars import kubelet
from analyzer.grammars.kubelet_process import cgroup_columns
from analyzer.vocabulary import RECORDS

HEADER = "I1122 08:35:50.575931     697 "
ADD = HEADER + 'kubelet.go:2114] "SyncLoop ADD" source="api" pods=[default/a]'
FLAG = HEADER + 'flags.go:59] FLAG: --v="2"'
LOST = HEADER + "reflector.go:1] Failed to list *v1.Node: dial tcp 10.0.0.1:6443: connect: connection refused"
FATAL = "F" + HEADER[1:] + "server.go:1] no way on"
RECOVERY = HEADER + "manager.go:170] Recovery completed"
CADVISOR = HEADER + "cadvisor.go:91] Starting cAdvisor version: 0.8.0 on port 8080"
UID, ID = "298b6beb-cc9a-4ec1-8e52-a0c863f4c57e", "07780331bffb31783278eaa113fceeb9a69875aec4ee88a9ccc715ad65ae8f4e"


def kinds(*messages: str, identifier: str | None = None, unit: str | None = None) -> list[str]:
    rows = [{"record": n, "line": n + 1, "offset": 0, "message": m, "identifier": identifier, "unit": unit} for n, m in enumerate(messages)]
    schema = empty(RECORDS).schema
    records = pl.DataFrame({c: [r.get(c) for r in rows] for c in schema}, schema=schema)
    return kubelet.understand(records, records)["kind"].to_list()


ALL = ["pod_added", "kubelet_flag", "api_unreachable", "kubelet_failed"]


@pytest.mark.parametrize(
    ("identifier", "unit"),
    [
        *(("kubelet", None), ("kubelet-wrapper", None), ("k3s", "k3s.service"), ("rke2", None), ("atomic-openshift-node", None)),
        *(("origin-node", None), ("microk8s.daemon-kubelet", None), ("hyperkube", "kubelet.service"), ("docker", "kubelet.service")),
        *(("3f2c1a0b9d8e", "docker.service"), ("start.sh", None), (None, None), (None, "kubelet.service")),
    ],
)
def test_a_kubelet_under_any_name(identifier: str | None, unit: str | None) -> None:
    assert kinds(ADD, FLAG, LOST, FATAL, identifier=identifier, unit=unit) == ALL


@pytest.mark.parametrize(
    ("identifier", "unit"),
    [
        *(
            (name, None)
            for name in ("dockerd", "containerd", "crio", "kube-proxy", "kube-apiserver", "etcd", "systemd", "cadvisor", "kernel")
        ),
        *(("kube-controller-manager", None), ("kube-scheduler", None), ("flanneld", None), ("atomic-openshift-master", None)),
        *(("hyperkube", "kube-proxy.service"), ("hyperkube", "kube-apiserver.service"), (None, "etcd.service")),
    ],
)
def test_other_programs_are_no_kubelet(identifier: str | None, unit: str | None) -> None:
    assert kinds(ADD, FLAG, LOST, FATAL, RECOVERY, identifier=identifier, unit=unit) == []


def test_what_every_program_says_is_taken_of_a_kubelet_only() -> None:
    assert kinds(FLAG, LOST, FATAL) == []
    assert kinds(FLAG, LOST, FATAL, identifier="start.sh") == []
    assert kinds(FLAG, identifier="kubelet") == ["kubelet_flag"]


def test_recovery_in_a_nameless_file() -> None:
    assert kinds(RECOVERY) == ["recovery_completed"]
    assert kinds(CADVISOR, RECOVERY) == []
    assert kinds(CADVISOR, RECOVERY, ADD) == ["recovery_completed", "pod_added"]


@pytest.mark.parametrize(
    ("cgroup", "uid", "identity"),
    [
        (f"/kubepods/besteffort/pod{UID}/{ID}", UID, ID),
        (f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/crio-{ID}.scope", UID, ID),
        (f"/docker/{'f' * 64}/kubelet/kubepods/burstable/pod{UID}/{ID}", UID, ID),
        (f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UID.replace('-', '_')}.slice", UID, None),
        (f"/kubepods/burstable/pod{UID.replace('-', '')}/{ID}", UID.replace("-", ""), ID),
        (f"/docker/{ID}", None, None),
        ("/system.slice/kubelet.service", None, None),
        ("", None, None),
    ],
)
def test_cgroups(cgroup: str, uid: str | None, identity: str | None) -> None:
    found = cgroup_columns(cgroup)
    assert (found.get("k8s_pod_uid"), found.get("container_id")) == (uid, identity)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_cgroup_is_something_or_nothing(cgroup: str, aliases: str) -> None:
    assert set(cgroup_columns(cgroup, aliases)) <= {
        *("k8s_pod_uid", "k8s_pod_name", "k8s_namespace_name", "k8s_container_name", "container_id")
    }
