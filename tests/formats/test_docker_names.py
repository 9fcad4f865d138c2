"""Whose container it is, by what each version of Kubernetes called it."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.runtimes.docker_names import LABELS, identify, owners

UID = "19cf7564-3ab0-4d6a-8ed5-8b701600fbe8"


@pytest.mark.parametrize(
    ("name", "container", "pod", "namespace", "uid"),
    [
        ("k8s--my_-_app--my_-_pod___x--5b2c9d1e", "my-app", "my-pod_x", None, None),
        ("k8s_api.d4c0f3a1_frontend.default.etcd_1f0a3c5d", "api", "frontend", "default", None),
        (f"k8s_api.d4c0f3a1_frontend.default.etcd_{UID}_1f0a3c5d", "api", "frontend", "default", UID),
        (f"k8s_api_front.end.default_{UID}_1f0a3c5d", "api", "front.end", "default", UID),
        (f"k8s_net.d4c0f3a1_frontend_{UID}_1f0a3c5d", "net", "frontend", None, UID),
        (f"/k8s_POD.e4cc795_frontend-8scwv_default_{UID}_c02f8342", "POD", "frontend-8scwv", "default", UID),
        ("k8s_etcd.6a5d2f_etcd-master_default_7a5ff4aa6c5d8ba2b2c1b4cd0e9a3c11_5b2c9d1e",
         "etcd", "etcd-master", "default", "7a5ff4aa6c5d8ba2b2c1b4cd0e9a3c11"),
        (f"k8s_POD_coredns-f9fd979d6-h88lr_kube-system_{UID}_5", "POD", "coredns-f9fd979d6-h88lr", "kube-system", UID),
        (f"k8s_web_web-8x2ab_default_{UID}_0_1f0a3c5d", "web", "web-8x2ab", "default", UID),
        (f"k8s_web_web.example.com_default_{UID}_12", "web", "web.example.com", "default", UID),
    ],
)  # fmt: skip
def test_names(name: str, container: str, pod: str, namespace: str | None, uid: str | None) -> None:
    told = {"k8s_container_name": container, "k8s_pod_name": pod, "k8s_namespace_name": namespace, "k8s_pod_uid": uid}
    assert identify({"name": name}) == {column: value for column, value in told.items() if value}


@pytest.mark.parametrize(
    "name", ["", "web", "k8s", "k8s_web", "k8s_web_pod_default", "k8s--a--b", "k8s--a--b--c", "mygood_dog_a_b_c_d", "/"]
)
def test_no_names_of_kubernetes(name: str) -> None:
    assert identify({"name": name}) == {}


@pytest.mark.parametrize(
    "labels",
    [
        {"io.kubernetes.pod.name": "default/web-8x2ab", "name": f"k8s_web.1_web-8x2ab_default_{UID}_1f0a3c5d"},
        {
            "io.kubernetes.pod.name": "web-8x2ab",
            "io.kubernetes.pod.namespace": "default",
            "io.kubernetes.pod.uid": UID,
            "io.kubernetes.container.name": "web",
            "io.kubernetes.container.restartCount": "0",
            "annotation.io.kubernetes.container.restartCount": "1",
        },
    ],
)
def test_labels(labels: dict[str, str]) -> None:
    told = {"k8s_container_name": "web", "k8s_pod_name": "web-8x2ab", "k8s_namespace_name": "default", "k8s_pod_uid": UID}
    assert identify(labels) == told


TOLD = st.none() | st.sampled_from(
    ["", "web", "default/web", "/", "x/", f"k8s_web_web-8x2ab_default_{UID}_0", "k8s_net.d4c0f3a1_frontend_1f0a3c5d"]
)
KEYS = (*LABELS.values(), "name")


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(KEYS, TOLD)), max_size=5))
def test_many_at_once(told: list[dict[str, str | None]]) -> None:
    columns = owners(pl.DataFrame(told, schema=dict.fromkeys(KEYS, pl.String)))
    assert columns.columns == list(LABELS)
    assert columns.rows(named=True) == [dict.fromkeys(LABELS) | identify(each) for each in told]
