"""Who wrote a klog line: a kubelet, another component, surely another program, or nobody knows.

The identifier of a record says it, else its unit (``hyperkube`` is what the unit runs). What neither tells may be a kubelet under
any name (a wrapper, a container): then the lines themselves must show it, by a source file that no other program has.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from analyzer.few import kept
from analyzer.formats.containers.container_text import CONTROL_FILES

_KUBELETS = (
    r"kubelet(?:[._-](?:wrapper|server|service|sh|v?[0-9][\w.-]*))?"  # kubelet-csr-approver is none
    r"|k3s.*|rke2.*|k0s.*|atomic-openshift-node|origin-node|openshift-node|(?:snap\.)?microk8s\.daemon-kubelet.*"
)
KUBELET = rf"^(?:{_KUBELETS})$"
"""Identifiers of a kubelet, alone or in one process with others."""
KUBELET_IDENTIFIERS = rf"{KUBELET}|^hyperkube$"
"""The same, and of what runs all components by one name: where a kubelet is asked for, it is one."""
_KUBELET_UNIT = rf"^(?:{_KUBELETS})\.service$"
_OTHER_PROGRAMS = (
    r"kube-proxy.*|kube-apiserver.*|kube-controller-manager.*|kube-scheduler.*|cloud-controller-manager.*|kubeadm|kubectl|etcd.*|cadvisor.*"
    r"|microk8s\.daemon-(?:apiserver|controller-manager|scheduler|proxy|etcd|containerd|flanneld).*"
    r"|atomic-openshift-master.*|origin-master.*|flanneld?|calico.*|felix|cilium.*|kube-router|coredns|dnsmasq|metrics-server"
)
_OTHER_UNIT = rf"^(?:{_OTHER_PROGRAMS})\.service$"
_OTHER = (
    rf"^(?:{_OTHER_PROGRAMS}|dockerd.*|docker-current|docker-containerd.*|containerd.*|crio|cri-o|cri-dockerd|conmon|podman|runc|crun|systemd.*|init|kernel"
    r"|journald?|rsyslogd|syslog.*|sshd|sudo|su|cron[d]?|CRON|anacron|chronyd|ntpd|NetworkManager|dhclient|dhcpcd|dbus.*|auditd?|polkitd|cloud-init"
    r"|ovs.*|haproxy|keepalived|nginx|fluent.*|filebeat|node[-_]exporter|node-problem-detector|prometheus.*)$"
)
_COMPONENTS = {
    "kubelet": r"kubelet",
    "controller-manager": r"controller-?manager|master-controllers",
    "scheduler": r"scheduler",
    "others": r"kube-?proxy|api-?server|etcd|dockerd|containerd|crio|systemd|coredns|flannel|calico",
}
"""What the identifier of a writer holds if it is this component. All-in-one programs (hyperkube, k3s, origin) name none."""
_TO_FILE = r'^(?:[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ (?:[\w.-]+/)*|\{"ts":.{0,40}"caller":"(?:[\w.-]+/)*)'
"""How a klog line begins, as text or as JSON, up to the name of the source file."""
_OWN_FILES = (
    _TO_FILE + r"(?:kubelet(?:_\w+)?|kuberuntime_\w+|pod_workers|pod_container_deletor|docker_service|docker_manager|eviction_manager"
    r"|nodelease)\.go:[0-9]"
)
CONTROLLERS_FILE = _TO_FILE + CONTROL_FILES + ":[0-9]"
_CADVISOR_FILE = r"^[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ (?:cadvisor|storagedriver)\.go:[0-9]+\]"


@lru_cache(maxsize=4096)  # of a log's writers there are some dozens
def is_kubelet(name: str | None, unit: str | None) -> bool | None:
    """Of an identifier and a unit; None where neither tells."""
    if name is not None and (_matches(KUBELET, name) or _matches(_OTHER, name)):
        return _matches(KUBELET, name)
    if unit is not None and (_matches(_OTHER_UNIT, unit) or _matches(_KUBELET_UNIT, unit)):
        return not _matches(_OTHER_UNIT, unit)
    return None


def _matches(pattern: str, name: str) -> bool:
    """For Python, ``$`` would also stand before a line end."""
    return re.fullmatch(pattern.removesuffix("$"), name) is not None


def shown(records: pl.DataFrame, identifiers: Sequence[str | None]) -> tuple[set[str | None], set[str | None]]:
    """Of writers of which nobody knows what they are: those whose lines show a kubelet, and those that show a lone cAdvisor."""
    mask = records["identifier"].is_in(list(identifiers), nulls_equal=True)
    names, messages = (records[column].filter(mask) for column in ("identifier", "message"))
    kubelets, cadvisors = (set(names.filter(messages.str.contains(pattern))) for pattern in (_OWN_FILES, _CADVISOR_FILE))
    return kubelets, cadvisors - kubelets


def spoken_by(component: str, records: pl.DataFrame) -> pl.DataFrame:
    """The records that may be this component's: not those of a writer whose name is another's."""
    return kept(records, pl.Series([_may_be(component, name) for name in records["identifier"]], dtype=pl.Boolean))


@lru_cache(maxsize=4096)
def _may_be(component: str, name: str | None) -> bool:
    if name is None or re.search(_COMPONENTS[component], name):
        return True
    return not any(re.search(pattern, name) for other, pattern in _COMPONENTS.items() if other != component)


def written_by(writer: str | None) -> str | None:
    """The component that a writer's identifier names, if it names one."""
    return next((name for name, pattern in _COMPONENTS.items() if re.search(pattern, writer or "")), None)
