"""Who wrote a klog line: a kubelet, another component, surely another program, or nobody knows.

The identifier of a record says it, else its unit (``hyperkube`` is what the unit runs). What neither tells may be a kubelet under
any name (a wrapper, a container): then the lines themselves must show it, by a source file that no other program has.
"""

import re
from collections.abc import Sequence

import polars as pl

from analyzer.formats.containers.container_text import CONTROL_FILES

_KUBELETS = (
    r"kubelet(?:[._-](?:wrapper|server|service|sh|v?[0-9][\w.-]*))?"  # kubelet-csr-approver is none
    r"|k3s.*|rke2.*|k0s.*|atomic-openshift-node|origin-node|openshift-node|(?:snap\.)?microk8s\.daemon-kubelet.*"
)
KUBELET = rf"^(?:{_KUBELETS})$"
"""Identifiers of a kubelet, alone or in one process with others."""
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


def is_kubelet() -> pl.Expr:
    """True, False, or null where neither identifier nor unit tells."""
    name, unit = pl.col("identifier"), pl.col("unit")
    return (
        pl.when(name.str.contains(KUBELET))
        .then(True)
        .when(name.str.contains(_OTHER))
        .then(False)
        .when(unit.str.contains(_OTHER_UNIT))
        .then(False)
        .when(unit.str.contains(_KUBELET_UNIT))
        .then(True)
    )


def shown(records: pl.DataFrame, identifiers: Sequence[str | None]) -> tuple[set[str | None], set[str | None]]:
    """Of writers of which nobody knows what they are: those whose lines show a kubelet, and those that show a lone cAdvisor."""
    some = records.filter(pl.col("identifier").is_in(list(identifiers), nulls_equal=True))
    kubelets, cadvisors = (
        set(some.filter(pl.col("message").str.contains(pattern).fill_null(False))["identifier"].unique().to_list())
        for pattern in (_OWN_FILES, _CADVISOR_FILE)
    )
    return kubelets, cadvisors - kubelets


def spoken_by(component: str, records: pl.DataFrame) -> pl.DataFrame:
    """The records that may be this component's: not those of a writer whose name is another's."""
    others = "|".join(pattern for name, pattern in _COMPONENTS.items() if name != component)
    named, own = pl.col("identifier").str.contains(others), pl.col("identifier").str.contains(_COMPONENTS[component])
    return records.filter((~named | own).fill_null(True))


def written_by(writer: str | None) -> str | None:
    """The component that a writer's identifier names, if it names one."""
    return next((name for name, pattern in _COMPONENTS.items() if re.search(pattern, writer or "")), None)
