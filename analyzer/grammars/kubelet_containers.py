"""The kubelet about containers and sandboxes: why one is started or restarted, killed, removed; and the calls to the runtime."""

import re
from collections.abc import Iterable

from analyzer.grammars.base import Fields, Rule, container_id, fields, integer, pod_columns
from analyzer.grammars.klog import Klog
from analyzer.grammars.klog_rules import KlogRule, structured, text, texts, told
from analyzer.grammars.klog_rules import named as _named
from analyzer.vocabulary import EventKind as E

_HEX = r"[0-9a-f]{12,64}"
_ITS_CONTAINER = rf'"(?P<container>[^"]+)"\(id=(?:\{{"\w+" )?"(?:\w+://)?(?P<id>{_HEX})"\}}?\) (?:for|in) pod "(?P<pod>[^"]+)"'
_STRUCT_ID = re.compile(rf'\bID:"?(?P<id>{_HEX})\b')  # %+v of docker's container
_UNWANTED = re.compile(
    rf"^Killing unwanted container (?:{_ITS_CONTAINER}|(?P<rest>.+))$",
    re.DOTALL,
)
_IN_POD = re.compile(r'^in pod "(?P<pod>[^"]+)": ')
_QUOTED_POD = r'"(?P<pod>[^"]+)"'


def _unwanted(line: Klog) -> Iterable[Fields]:
    """To 0.14 one whose pod is not wanted, or a double; later one that its pod's spec no longer has."""
    match = _UNWANTED.match(line.message)
    if match is None or line.message == "Killing unwanted container for pod":
        return
    if match["rest"] is None:
        yield fields(
            E.CONTAINER_UNWANTED, **pod_columns(match["pod"]), k8s_container_name=match["container"], container_id=container_id(match["id"])
        )
        return
    owner, identity = _IN_POD.match(match["rest"]), _STRUCT_ID.search(match["rest"])
    yield fields(
        E.CONTAINER_UNWANTED,
        **pod_columns(owner["pod"] if owner else None),
        container_id=container_id(identity["id"] if identity else None),
    )


def _killing(line: Klog) -> Iterable[Fields]:
    yield {"container_id": None, **_named(line), "value": integer(line.text("gracePeriod"))}


_CALL = re.compile(
    r"^\[RemoteRuntimeService\] (?P<call>(?:Create|Start|Stop|Remove)Container|(?:Run|Stop|Remove)PodSandbox)(?P<done> Response)?"
    rf"(?: \(.*?(?:[cC]ontainer(?:ID|Id)|[pP]odSandboxI[Dd])=(?P<id>{_HEX})\b)?"
)


def _call(line: Klog) -> Iterable[Fields]:
    """remote_runtime.go at V(10): each call to the CRI, and that it returned."""
    match = _CALL.match(line.message)
    if match is not None:
        attributes = {"call": match["call"], **({"returned": "true"} if match["done"] else {})}
        row = _named(line)
        yield fields(
            E.RUNTIME_CALLED, **{**row, "container_id": row.get("container_id") or container_id(match["id"]), "attributes": attributes}
        )


_FAILED_CALLS = {
    "CreatePodSandbox": E.POD_SANDBOX_FAILED,
    "CreateContainer in sandbox": E.CONTAINER_START_FAILED,
    "StartContainer": E.CONTAINER_START_FAILED,
    "StopContainer": E.CONTAINER_KILL_FAILED,
    "RemoveContainer": E.CONTAINER_REMOVE_FAILED,
    "RunPodSandbox": E.POD_SANDBOX_FAILED,
    "StopPodSandbox": E.CONTAINER_KILL_FAILED,
    "RemovePodSandbox": E.CONTAINER_REMOVE_FAILED,
}
_FAILED_CALL = re.compile(rf'^(?P<call>{"|".join(_FAILED_CALLS)})(?: "(?P<id>{_HEX})")? from runtime service failed')


def _failed(line: Klog) -> Iterable[Fields]:
    """A call that the runtime refused. NotFound is frequent and harmless: it was gone already."""
    match = _FAILED_CALL.match(line.message)
    if match is not None:
        row = _named(line)
        yield fields(_FAILED_CALLS[match["call"]], **{**row, "container_id": row.get("container_id") or container_id(match["id"])})


RULES: tuple[KlogRule, ...] = (
    text(
        "Killing container",
        r'^Killing container (?:with id )?"(?P<id>[^"]+)"(?: with (?:a )?(?P<value>\d+) second grace)?',
        E.CONTAINER_KILLING,
    ),
    text("Killing: ", rf"^Killing: (?P<id>{_HEX})$", E.CONTAINER_KILLING),  # 0.4
    structured("Killing container with a grace period", E.CONTAINER_KILLING, _killing),
    *told(E.CONTAINER_GRACE, "Killing container with a grace period override", value="gracePeriod"),
    *told(
        E.CONTAINER_GRACE,
        "Using probe-level grace period that is greater than the pod-level grace period",
        "Using probe-level grace period that is greater than the pod-level grace period.",
        value="probeGracePeriod",
    ),
    text("No ref for pod", r"""^No ref for pod '"?(?P<id>[0-9a-f]{12,64})[^']*'$""", E.CONTAINER_UNKNOWN),  # ' - ' follows: a probe's line
    Rule("Killing unwanted container", _unwanted),
    *told(E.CONTAINER_UNWANTED, "Killing unwanted container for pod"),
    text(" exited after ", r'^Container "(?P<id>[^"]+)" exited after (?P<took>\S.*)$', E.CONTAINER_KILLED),
    text(" has already exited", r'^Container "(?P<id>[^"]+)" has already exited', E.CONTAINER_KILLED),
    text(" exited normally", r'^Container "(?P<id>[^"]+)" exited normally', E.CONTAINER_KILLED),
    *told(E.CONTAINER_KILLED, "Container exited normally"),
    text(" termination failed ", r'^Container "(?P<id>[^"]+)" termination failed (?:after|with gracePeriod)', E.CONTAINER_KILL_FAILED),
    text(
        "Error killing container",
        rf"^Error killing container(?: {_ITS_CONTAINER}|[: ])",
        E.CONTAINER_KILL_FAILED,
    ),
    text(
        "killContainer ",
        rf"^killContainer {_ITS_CONTAINER} failed",
        E.CONTAINER_KILL_FAILED,
    ),
    text("Failed to stop ", rf'^Failed to stop (?:container|sandbox) "(?P<id>{_HEX})"', E.CONTAINER_KILL_FAILED),
    text("Failed to kill ", r'^Failed to kill (?:network |pod infra )?container "?(?P<id>[0-9a-f]{12,64})"?: ', E.CONTAINER_KILL_FAILED),
    text(
        "Failed to kill container ",
        rf"^Failed to kill container {_ITS_CONTAINER}",
        E.CONTAINER_KILL_FAILED,
    ),
    text("Failed to delete container", r"^Failed to delete container\b.*Skipping pod \"?(?P<pod>[^\"\s]+)", E.CONTAINER_KILL_FAILED),
    text("Failed tearing down the infra container", r"^Failed tearing down the infra container", E.CONTAINER_KILL_FAILED),
    *told(
        E.CONTAINER_KILL_FAILED,
        "Container termination failed with gracePeriod",
        "Kill container failed",
        "killContainer for pod failed",
        "Failed to kill container",
        "Failed to stop container",
        "Failed to stop sandbox",
        "Failed to stop sandbox before removing",
    ),
    text("Running preStop hook", r'^Running preStop hook for container "(?P<id>[^"]+)"', E.CONTAINER_PRESTOP),
    text(
        "preStop hook for container",
        r'^preStop hook for container "(?P<id>[^"]+)" (?P<how>completed|did not complete|failed)',
        E.CONTAINER_PRESTOP,
    ),
    *told(
        E.CONTAINER_PRESTOP,
        "Running preStop hook",
        "PreStop hook completed",
        "PreStop hook failed",
        "PreStop hook not completed in grace period",
    ),
    # why it is started, or started again
    text("hash changed (", r'^pod "(?P<pod>[^"]+)" container "(?P<container>[^"]+)" hash changed', E.CONTAINER_RESTARTING),
    text(" is unhealthy", r'^pod "?(?P<pod>[^"\s]+)"? container "?(?P<container>[^"\s]+)"? is unhealthy', E.CONTAINER_RESTARTING),
    text("container hash changed ", r"^container hash changed \d+ vs \d+", E.CONTAINER_RESTARTING),  # 0.4
    text(
        "but RestartPolicy says",
        r"^Container &?\{(?:Name:)?(?P<container>[\w.-]+).* is dead, but RestartPolicy says that we should restart it",
        E.CONTAINER_RESTARTING,
    ),
    text("Back-off ", r"^Back-off (?P<wait>\S+) restarting failed container=(?P<container>\S+) pod=(?P<pod>\S+)", E.CONTAINER_RESTARTING),
    text(
        "acking Off restarting ",
        r"^Backing Off restarting (?:init )?(?:\w+ )?&?(?:Container)?\{(?:Name:)?(?P<container>[\w.-]+).* in pod (?P<pod>\S+)$",
        E.CONTAINER_RESTARTING,
    ),
    text(
        "checking backoff for container ",
        r'^checking backoff for container "(?P<container>[^"]+)" in pod "(?P<pod>[^"]+)"',
        E.CONTAINER_RESTARTING,
    ),
    text('") of pod ', r'^Container "(?P<container>[^"]+)" \("(?P<id>[^"]+)"\) of pod (?P<pod>\S+): (?P<why>.+)$', E.CONTAINER_RESTARTING),
    *told(
        E.CONTAINER_RESTARTING,
        "Back-off restarting failed container",
        "Backing Off restarting container in pod",
        "Checking backoff for container in pod",
    ),
    *told(E.CONTAINER_RESTARTING, "Message for Container of pod", keep=("containerStatusID", "containerMessage")),
    *texts(
        ("Creating container ", "Creating init container "),
        r"^Creating (?:init )?(?:\w+ )?&?(?:Container)?\{(?:Name:)?(?P<container>[\w.-]+).*? in pod (?P<pod>\S+)$",
        E.CONTAINER_CREATING,
    ),
    text("exist, creating ", r"^Container with name (?P<name>\S+) doesn\'t exist, creating ", E.CONTAINER_CREATING),
    text("Creating container ", r"^Creating container &?(?:Container)?\{(?:Name:)?(?P<container>[\w.-]+)", E.CONTAINER_CREATING),  # to 0.19
    *told(E.CONTAINER_CREATING, "Creating container in pod", "Container of pod is not in the desired state and shall be started"),
    text("Error running pod ", r'^Error running pod "?(?P<pod>[^"\s]+)"? container "?(?P<container>[^"\s]+)"?: ', E.CONTAINER_START_FAILED),
    text("ontainer start failed", r"^container start failed: ", E.CONTAINER_START_FAILED),
    *told(E.CONTAINER_START_FAILED, "Container start failed in pod", "CreateContainer failed"),
    # sandboxes
    text("Need to restart pod infra container", rf"^Need to restart pod infra container for {_QUOTED_POD}", E.POD_SANDBOX_NEEDED),
    text("sandbox for pod", rf"^No (?:ready )?sandbox for pod {_QUOTED_POD} can be found", E.POD_SANDBOX_NEEDED),
    *told(
        E.POD_SANDBOX_NEEDED,
        "No sandbox for pod can be found. Need to start a new one",
        "No ready sandbox for pod can be found. Need to start a new one",
    ),
    text(
        "ontainer doesn't exist for pod",
        rf"^(?:Pod infra|Network) container doesn't exist for pod {_QUOTED_POD}, killing and re-creating",
        E.POD_SANDBOX_NEEDED,
    ),
    text(
        "No Infra Container for ", rf"^No Infra Container for {_QUOTED_POD} found\. All containers will be restarted", E.POD_SANDBOX_NEEDED
    ),
    text(
        "Infra Container is being recreated",
        rf"^Infra Container is being recreated\. {_QUOTED_POD} will be restarted",
        E.POD_SANDBOX_NEEDED,
    ),
    text("andbox for pod ", rf"^Sandbox for pod {_QUOTED_POD} has (?:changed|no IP address)", E.POD_SANDBOX_CHANGED),
    *texts(
        ("Multiple sandboxes are ready", "More than 1 sandboxes"),
        rf"^(?:Multiple sandboxes are ready for Pod|More than 1 sandboxes for pod) {_QUOTED_POD}",
        E.POD_SANDBOX_CHANGED,
    ),
    *told(
        E.POD_SANDBOX_CHANGED,
        "Sandbox for pod has changed. Need to start a new one",
        "Sandbox for pod has no IP address. Need to start a new one",
        "Multiple sandboxes are ready for Pod. Need to reconcile them",
    ),
    *texts(
        ("Creating pod infra container ", "Creating PodSandbox ", "Creating sandbox "),
        rf"^Creating (?:pod infra container|PodSandbox|sandbox) for (?:pod )?{_QUOTED_POD}",
        E.POD_SANDBOX_CREATING,
    ),
    text("SyncPod received new pod ", rf"^SyncPod received new pod {_QUOTED_POD}, will create a (?:new )?sandbox", E.POD_SANDBOX_CREATING),
    *told(E.POD_SANDBOX_CREATING, "Creating PodSandbox for pod", "SyncPod received new pod, will create a sandbox for it"),
    text("Created PodSandbox ", rf'^Created PodSandbox "(?P<id>[^"]+)" for pod {_QUOTED_POD}', E.POD_SANDBOX_CREATED),
    *told(E.POD_SANDBOX_CREATED, "Created PodSandbox for pod"),
    text("Killing Infra Container for ", rf"^Killing Infra Container for {_QUOTED_POD}", E.POD_SANDBOX_STOPPING),
    text("Stopping PodSandbox for ", rf"^Stopping PodSandbox for {_QUOTED_POD}", E.POD_SANDBOX_STOPPING),
    *told(
        E.POD_SANDBOX_STOPPING,
        "Stopping PodSandbox for pod, because all other containers are dead",
        "Stopping PodSandbox for pod, will start new one",
    ),
    text("createPodSandbox for pod ", rf"^createPodSandbox for pod {_QUOTED_POD} failed", E.POD_SANDBOX_FAILED),
    text(
        "Failed to create pod infra container",
        rf"^Failed to create pod infra container: .*; Skipping pod {_QUOTED_POD}",
        E.POD_SANDBOX_FAILED,
    ),
    *told(
        E.POD_SANDBOX_FAILED,
        "CreatePodSandbox for pod failed",
        "Failed to create sandbox for pod",
        "Pod was deleted and sandbox failed to be created",
        "RunPodSandbox failed",
    ),
    # the runtime's calls, and the removal of dead containers: no end of a life
    Rule("from runtime service failed", _failed),
    Rule("[RemoteRuntimeService] ", _call),
    *told(E.CONTAINER_SEEN_DEAD, "Generic (PLEG): container finished"),
    *texts(
        ("Removing container ", "Removing sandbox ", "Removing init container ", "Removing unidentified dead container "),
        rf'^Removing (?:[a-z]+ )+(?:"[^"]*" (?:with ID|instance) )?"(?:docker://)?(?P<id>{_HEX})"',
        E.CONTAINER_REMOVING,
    ),
    *told(E.CONTAINER_REMOVING, "RemoveContainer", "Removing container", "Removing init container", "Removing sandbox"),
    text(
        "ailed to remove ",
        r"^(?:Failed|failed) to remove (?:dead container|unidentified dead container|container|sandbox) \"(?P<id>[0-9a-f]{12,64})\"",
        E.CONTAINER_REMOVE_FAILED,
    ),
    text(
        "DeleteContainer returned error",
        rf"^\[pod_container_deletor\] DeleteContainer returned error for \(id=(?P<id>{_HEX})\)",
        E.CONTAINER_REMOVE_FAILED,
    ),
    text(
        "Failed to issue the request to remove",
        rf"^Failed to issue the request to remove container (?P<id>{_HEX})",
        E.CONTAINER_REMOVE_FAILED,
    ),
    *told(
        E.CONTAINER_REMOVE_FAILED,
        "DeleteContainer returned error",
        "Failed to issue the request to remove container",
        "Failed to remove container",
        "Failed to remove sandbox",
    ),
    text("Container garbage collection failed", r"^Container garbage collection failed", E.CONTAINER_REMOVE_FAILED),
)
