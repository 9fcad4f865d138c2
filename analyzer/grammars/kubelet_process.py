"""The kubelet's own process: flags, start, listening, its runtime, cAdvisor's recovery, the node's shutdown, a fatal end.

On SIGTERM it writes nothing: an orderly stop is told by systemd alone. 'Recovery completed' says that the walk through the
cgroups has ended, on every start, with or without containers.
"""

import re
from collections.abc import Iterable

from analyzer.formats.runtimes.docker_names import identify
from analyzer.grammars.base import Fields, Rule, container_id, fields, integer
from analyzer.grammars.klog import Klog
from analyzer.grammars.klog_rules import HEADLESS, KlogRule, plain, text, told, told_of_pods
from analyzer.vocabulary import EventKind as E

# --- cAdvisor: 'Added container: "/kubepods/pod<uid>/<id>" (aliases: [k8s_... <id>], namespace: "docker")'

_CGROUP = re.compile(r'^(?P<verb>Added|Destroyed) container: "(?P<cgroup>[^"]*)"(?: \(aliases: \[(?P<aliases>[^\]]*)\])?')
_UNREADABLE = re.compile(r"^Failed to create existing container: (?P<cgroup>/\S*): ")
_POD_OF_CGROUP = re.compile(r"(?:^|[/-])pod(?P<uid>[0-9a-f]{8}[_-]?[0-9a-f]{4}[_-]?[0-9a-f]{4}[_-]?[0-9a-f]{4}[_-]?[0-9a-f]{12})(?=[./]|$)")
_ID_OF_CGROUP = re.compile(r"/(?:[a-z-]+-)?(?P<id>[0-9a-f]{64})(?:\.scope)?$")


def cgroup_columns(cgroup: str, aliases: str = "") -> Fields:
    """The pod and container of a cgroup: systemd's slices write a uid's dashes as underscores; a docker alias names all."""
    pods = _POD_OF_CGROUP.findall(cgroup)
    identity = _ID_OF_CGROUP.search(cgroup)
    row: Fields = next((named for name in aliases.split() if (named := identify({"name": name}))), {})
    if pods:
        row = {**row, "k8s_pod_uid": pods[-1].replace("_", "-")}
    if row and identity:
        row["container_id"] = container_id(identity["id"])
    return row


def _cgroup(line: Klog) -> Iterable[Fields]:
    """A container of a pod, or a pod's own cgroup; others (services, slices, sessions) are not Kubernetes'."""
    match = _CGROUP.match(line.message)
    if match is None:
        return
    row = cgroup_columns(match["cgroup"], match["aliases"] or "")
    kinds = (E.CONTAINER_FOUND, E.POD_CGROUP_FOUND) if match["verb"] == "Added" else (E.CONTAINER_CGROUP_GONE, E.POD_CGROUP_GONE)
    if row:
        yield fields(kinds["container_id" not in row], **row)


def _unreadable(line: Klog) -> Iterable[Fields]:
    match = _UNREADABLE.match(line.message)
    row = cgroup_columns(match["cgroup"]) if match is not None else {}
    if row:
        yield fields(E.CONTAINER_UNREADABLE, **row)


# --- flags, version, end

_FLAG = re.compile(r'^(?:FLAG: --(?P<flag>[\w-]+)="(?P<is>.*)"|Flag --(?P<old>[\w-]+) has been deprecated,)', re.DOTALL)
_VERSION = re.compile(r"^(?:Version: |Kubelet version: )(?P<version>v\d\S*)$")

_RUNNING = re.compile(r"^Docker Info.*?\bContainersRunning:(?P<value>\d+)", re.DOTALL)


_TELLING_FLAGS = (
    "v", "hostname-override", "config", "kubeconfig", "api-servers", "node-ip", "node-labels", "node-status-update-frequency",
    "register-node", "register-with-taints", "container-runtime", "container-runtime-endpoint", "cgroup-driver", "cgroup-root", "root-dir",
    "pod-manifest-path", "eviction-hard", "feature-gates", "logging-format",
)  # fmt: skip
"""Of the two hundred that each start prints: how much it says, who it is, whom it asks, what it runs."""


def _flag(line: Klog) -> Iterable[Fields]:
    """flags.go, at V(1) and above all of them at each start; pflag's warnings at any verbosity, before there is a klog."""
    match = _FLAG.match(line.message)
    if match is not None:
        told_of = {"flag": match["flag"], "is": match["is"]} if match["flag"] else {"flag": match["old"], "deprecated": "true"}
        yield fields(E.KUBELET_FLAG, attributes=told_of)


def _version(line: Klog) -> Iterable[Fields]:
    match = _VERSION.match(line.message)
    if match is not None:
        yield fields(E.KUBELET_VERSION, attributes={"version": match["version"]})


def _docker_info(line: Klog) -> Iterable[Fields]:
    """dockershim at its start: how many containers run, those of the sandboxes included."""
    match = _RUNNING.search(line.message + (line.text("dockerInfo") or ""))
    if match is not None:
        yield fields(E.RUNTIME_CONTAINERS, value=integer(match["value"]))


def fatal(line: Klog) -> Iterable[Fields]:
    """``F...``: glog writes it and ends the process (status 255)."""
    if line.severity == "F":
        yield fields(E.KUBELET_FAILED)


ANY_PROGRAM: tuple[KlogRule, ...] = (  # every program of Kubernetes says so: who wrote it must be known otherwise
    *(Rule(f"FLAG: --{name}=", _flag) for name in _TELLING_FLAGS),
    Rule(HEADLESS, _flag),
    Rule("ersion: v", _version),
    *told(E.KUBELET_VERSION, "Kubelet version", keep=("kubeletVersion",)),
)

RULES: tuple[KlogRule, ...] = (
    plain("Recovery completed", E.RECOVERY_COMPLETED),
    plain("Starting recovery of all containers", E.RECOVERY_STARTED),
    plain("Container discovery disabled", E.RECOVERY_SKIPPED),  # 2026 and later
    Rule("Added container:", _cgroup),
    Rule("Destroyed container:", _cgroup),
    Rule("Failed to create existing container:", _unreadable),
    plain("Started kubelet", E.KUBELET_READY),
    plain("Starting kubelet main sync loop", E.KUBELET_READY),
    plain("Update channel is closed", E.KUBELET_ENDING),
    text("Found new Kubelet configuration", r"^Found new Kubelet configuration via API server, restarting", E.KUBELET_ENDING),
    text("Starting to listen", r"^Starting to listen (?:read-only )?on (?P<address>\S+):(?P<value>\d+)$", E.KUBELET_LISTENING),
    *told(E.KUBELET_LISTENING, "Starting to listen", "Starting to listen read-only", keep=("address",), value="port"),
    # a part of it that starts
    plain("Starting to sync pod status with apiserver", E.KUBELET_PART_STARTED),
    plain("Sending events to api server", E.KUBELET_PART_STARTED),
    plain("Running kubelet in containerized mode", E.KUBELET_PART_STARTED),
    plain("Kubelet is running in standalone mode", E.KUBELET_PART_STARTED),
    plain("No api server defined - no ", E.KUBELET_PART_STARTED),
    plain("No API server defined - no ", E.KUBELET_PART_STARTED),
    plain("Starting node status updates", E.KUBELET_PART_STARTED),
    plain("Creating node shutdown manager", E.KUBELET_PART_STARTED),
    plain("cAdvisor running in container", E.KUBELET_PART_STARTED),
    # ... or does not
    text("ailed to run ", r"^(?:error: )?[Ff]ailed to run [Kk]ubelet", E.KUBELET_FAILED),
    text("Failed to start ", r"^Failed to start (?:cAdvisor|CAdvisor|ContainerManager|ImageManager|OOM watching)\b", E.KUBELET_FAILED),
    plain("Kubelet failed to get node info", E.KUBELET_FAILED),
    plain("Failed to listen and serve", E.KUBELET_FAILED),
    plain("Starting health server failed", E.KUBELET_FAILED),
    plain("Failed to parse kubelet flag", E.KUBELET_FAILED),
    plain("Failed to validate kubelet flags", E.KUBELET_FAILED),
    plain("Failed to start node shutdown manager", E.KUBELET_FAILED),
    # where its pods come from: none is killed before all have spoken
    plain("Adding apiserver pod source", E.POD_SOURCE),
    plain("Adding pod path", E.POD_SOURCE),
    plain("Adding pod url", E.POD_SOURCE),
    plain("Adding pod URL", E.POD_SOURCE),
    plain("Adding static pod path", E.POD_SOURCE),
    plain("Adding manifest ", E.POD_SOURCE),
    plain("Watching apiserver", E.POD_SOURCE),
    plain("Waiting for node sync before watching apiserver pods", E.POD_SOURCE),
    plain("Attempting to sync node with API server", E.POD_SOURCE),
    # its runtime
    text("Connecting to docker on ", r"^Connecting to docker on (?P<endpoint>\S+)", E.RUNTIME_CONNECTED),
    *told(E.RUNTIME_CONNECTED, "Connecting to docker on the dockerEndpoint", "Connecting to runtime service", keep=("endpoint",)),
    text("Connecting to runtime service ", r"^Connecting to runtime service (?P<endpoint>\S+)$", E.RUNTIME_CONNECTED),
    text("Setting dockerRoot to ", r"^Setting dockerRoot to (?P<root>\S+)", E.RUNTIME_CONNECTED),
    text("ocker cri networking managed by ", r"^[Dd]ocker cri networking managed by (?P<plugin>\S+)", E.RUNTIME_CONNECTED),
    *told(E.RUNTIME_CONNECTED, "Docker cri networking managed by the network plugin", keep=("networkPluginName",)),
    text(
        "Container runtime ",
        r"^Container runtime (?P<runtime>\S+) initialized, version: (?P<version>[^,\s]+), apiVersion: \S+$",
        E.RUNTIME_CONNECTED,
    ),
    *told(E.RUNTIME_CONNECTED, "Container runtime initialized", keep=("containerRuntime", "version")),
    *told(
        E.RUNTIME_CONNECTED,
        "Using CRI v1 runtime API",
        "Validated CRI v1 runtime API",
        "Falling back to CRI v1alpha2 runtime API (deprecated)",
    ),
    Rule("Docker Info", _docker_info),
    text("GenericPLEG: Unable to retrieve pods", r"^GenericPLEG: Unable to retrieve pods", E.RUNTIME_UNREACHABLE),
    text("Container runtime sanity check failed", r"^Container runtime sanity check failed", E.RUNTIME_UNHEALTHY),
    text("Container runtime not ready", r"^Container runtime not ready", E.RUNTIME_UNHEALTHY),
    text("Container runtime network not ready", r"^Container runtime network not ready", E.RUNTIME_UNHEALTHY),
    text("Container runtime status is nil", r"^Container runtime status is nil", E.RUNTIME_UNHEALTHY),
    text("Connect remote runtime ", r"^Connect remote runtime (?:\S+ )?failed", E.RUNTIME_UNHEALTHY),
    text("from runtime service failed", r"^(?:Status|Version) from runtime service failed", E.RUNTIME_UNHEALTHY),
    text("Get runtime version failed", r"^Get (?:remote )?runtime (?:typed )?version failed", E.RUNTIME_UNHEALTHY),
    text("Failed to poll container state", r"^Failed to poll container state", E.RUNTIME_UNHEALTHY),
    text("onnect to docker", r"^Couldn't connect to docker", E.RUNTIME_UNHEALTHY),
    # alive, but blind
    text("kipping pod synchronization", r"^[Ss]kipping pod synchronization", E.SYNC_SKIPPED),
    # the node goes down in order (1.20+)
    *told(
        E.NODE_SHUTDOWN,
        "Shutdown manager detected new shutdown event",
        "Shutdown manager detected new shutdown event, isNodeShuttingDownNow",
        keep=("event",),
    ),
    text(
        "Shutdown manager detected",
        r"^Shutdown manager detected new shutdown event, isNodeShuttingDownNow: (?P<event>\w+)",
        E.NODE_SHUTDOWN,
    ),
    text("Shutdown manager processing", r"^Shutdown manager processing shutdown event$", E.NODE_SHUTDOWN),
    text("Shutdown manager completed", r"^Shutdown manager completed processing shutdown event", E.NODE_SHUTDOWN),
    text("Shutdown manager pod killing", r"^Shutdown manager pod killing (?:did not complete in|time out)", E.NODE_SHUTDOWN),
    text("Shutdown manager killing", r'^Shutdown manager killing pod "(?P<pod>[^"]+)" with gracePeriod', E.POD_SHUTDOWN),
    text("Shutdown manager f", r'^Shutdown manager (?:finished|failed) killing pod "(?P<pod>[^"]+)"', E.POD_SHUTDOWN),
    *told(
        E.POD_SHUTDOWN,
        "Shutdown manager killing pod with gracePeriod",
        "Shutdown manager finished killing pod",
        "Shutdown manager failed killing pod",
    ),
    # memory and pressure
    text("ot sys oom event", r"^[Gg]ot sys oom event", E.NODE_OOM),
    text("reated an oom event", r"^Created an oom event: ", E.NODE_OOM),
    text("eviction threshold crossed", r"^(?:hard|soft) memory eviction threshold crossed", E.NODE_PRESSURE),
    text("OOM event in container", r'^Created an OOM event in container "(?P<cgroup>[^"]*)"', E.NODE_OOM),
    text("viction manager: must evict pod", r"^[Ee]viction manager: must evict pod\(s\) to reclaim", E.NODE_PRESSURE),
    text("viction manager: attempting to reclaim", r"^[Ee]viction manager: attempting to reclaim", E.NODE_PRESSURE),
    text("viction manager: able to reduce", r"^[Ee]viction manager: able to reduce", E.NODE_PRESSURE),
    text("viction manager: unable to evict any", r"^[Ee]viction manager: unable to evict any pods from the node", E.NODE_PRESSURE),
    text("eviction thresholds have been met", r"^[Ee]viction manager: eviction thresholds have been met", E.NODE_PRESSURE),
    text("viction manager: node conditions", r"^[Ee]viction manager: node conditions - observed", E.NODE_PRESSURE),
    text(
        "viction manager: pod",
        r"^eviction manager: pods? (?P<pod>[^\s(]+\([^)]*\)|[^\s,]+) (?:is )?evicted(?:,| successfully)",
        E.POD_EVICTED_BY_KUBELET,
    ),
    text(
        "viction manager: pod",
        r"^eviction manager: pods? (?P<pod>\S+) (?:failed to evict|successfully cleaned up)",
        E.POD_EVICTED_BY_KUBELET,
    ),
    text("attempting to evict pods", r"^preemption: attempting to evict pods", E.POD_EVICTED_BY_KUBELET),
    text("waiting for pods ", r"^eviction manager: timed out waiting for pods (?P<pod>\S+) to be cleaned up", E.POD_EVICTED_BY_KUBELET),
    text("preemption: pod ", r"^preemption: pod (?P<pod>\S+) (?:evicted successfully|failed to evict)", E.POD_EVICTED_BY_KUBELET),
    *told(
        E.POD_EVICTED_BY_KUBELET,
        "Eviction manager: pod is evicted successfully",
        "Eviction manager: pod failed to evict",
        "Evicting pod",
        "Preempting pod to free up resources",
        "Pod evicted successfully",
        "Failed to evict pod",
    ),
    *told_of_pods(
        E.POD_EVICTED_BY_KUBELET,
        "Eviction manager: pods evicted, waiting for pod to be cleaned up",
        "Eviction manager: pods successfully cleaned up",
        "Eviction manager: timed out waiting for pods to be cleaned up",
    ),
)
