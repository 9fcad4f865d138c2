"""The kubelet about what it did not expect: pods that are not wanted, orphaned directories, cgroups and volumes, mirror pods.

'Orphaned' in most of its words is a directory or a cgroup without a pod. Only an unwanted pod is one that still runs.
"""

import re
from collections.abc import Iterable

from analyzer.grammars.base import Fields, Rule, fields
from analyzer.grammars.klog import Klog
from analyzer.grammars.klog_rules import KlogRule, plain, text, told
from analyzer.grammars.kubelet_process import cgroup_columns
from analyzer.vocabulary import EventKind as E

_UID = r"(?P<uid>[0-9a-f-]{32,36})"
_QUOTED_POD = r'"(?P<pod>[^"]+)"'
_MANY = re.compile(rf'orphaned pod "{_UID}" found')


def _many(line: Klog) -> Iterable[Fields]:
    """1.21+: of many such errors one is quoted, with their number."""
    match = _MANY.search(line.text("err") or "")
    if line.message.startswith("There were many similar errors") and match is not None:
        yield fields(E.POD_DIR_ORPHANED, k8s_pod_uid=match["uid"])


_CGROUP_KILL = re.compile(
    r"^(?:Attempt(?:ing)? to kill process (?:from cgroup|with pid: )|[Ss]uccessfully killed all unwanted processes"
    r"|[Ff]ailed to kill all the processes attached to|Attempt (?:\S+ )?failed to kill all unwanted process)"
    r"(?:.*from cgroup: (?P<cgroup>\[[^\]]*\]|\S+)| the (?P<of>\[[^\]]*\]|\S+) cgroups)?"
)


def _cgroup_kill(line: Klog) -> Iterable[Fields]:
    """What is left in a pod's cgroup is killed with SIGKILL, at V(3)."""
    match = _CGROUP_KILL.match(line.message)
    if match is not None:
        name = line.text("cgroupName") or match["cgroup"] or match["of"] or ""
        yield fields(E.POD_CGROUP_KILLING, **cgroup_columns(name.strip("[]").replace(" ", "/").rstrip(".,")))


RULES: tuple[KlogRule, ...] = (
    text("Killing unwanted pod", rf"^Killing unwanted pod {_QUOTED_POD}", E.POD_UNWANTED),
    *told(E.POD_UNWANTED, "Killing unwanted pod"),  # 1.21
    *told(E.POD_UNWANTED, "Clean up orphaned pod containers"),  # 1.22 to 1.26
    *told(E.POD_UNWANTED, "Clean up containers for orphaned pod we had not seen before"),  # 1.27+
    *told(E.POD_KILL_FAILED, "Failed killing the pod"),  # 1.21
    text("Failed killing the pod ", rf"^Failed killing the pod {_QUOTED_POD}", E.POD_KILL_FAILED),
    text("Failed killing unwanted containers", r"^Failed killing unwanted containers", E.POD_KILL_FAILED),
    text("killPodWithSyncResult failed", r"^killPodWithSyncResult failed", E.POD_KILL_FAILED),
    text("killPod for pod ", rf"^killPod for pod {_QUOTED_POD} .*failed", E.POD_KILL_FAILED),
    text("Failed to delete pod ", rf"^Failed to delete pod {_QUOTED_POD}", E.POD_KILL_FAILED),
    *told(E.POD_KILL_FAILED, "KillPod failed", "Failed to delete pod"),
    # nothing unwanted is killed before all sources have spoken
    text("aren't ready yet", r"^(?:Skipping (?:deletes|cleanup), sources|SyncLoop \(housekeeping, skipped\): sources)", E.CLEANUP_SKIPPED),
    text("aren't ready yet", r'^Skipping delete of container \("(?P<id>[^"]+)"\), source \((?P<source>\w+)\)', E.CLEANUP_SKIPPED),
    # directories, cgroups, volumes
    text(
        "Orphaned pod ",
        rf'^Orphaned pod "{_UID}" found, (?:removing pod cgroups|but volumes not yet removed|but volumes .*, Skipping cgroups)',
        E.POD_CGROUP_ORPHANED,
    ),
    text("Orphaned pod ", rf'^Orphaned pod "{_UID}" found, ', E.POD_DIR_ORPHANED),
    text("Failed to remove orphaned pod ", rf'^Failed to remove orphaned pod "{_UID}" dir', E.POD_DIR_ORPHANED),
    Rule("There were many similar errors", _many),
    *told(
        E.POD_CGROUP_ORPHANED,
        "Orphaned pod found, removing pod cgroups",
        "Orphaned pod found, but volumes not yet removed.  Reducing cpu to minimum",
    ),
    *told(
        E.POD_DIR_ORPHANED,
        "Orphaned pod found, removing",
        "Orphaned pod found, but volumes are not cleaned up",
        "Orphaned pod found, but failed to remove volumes subdir",
        "Failed to remove orphaned pod dir",
        "Failed to remove orphaned pod subdir",
        keep=("path",),
    ),
    *told(
        E.POD_DIR_CLEANED,
        "Cleaned up orphaned pod volumes dir",
        "Cleaned up orphaned volume from pod",
        "Cleaned up orphaned volume subpath from pod",
        keep=("path",),
    ),
    text("Orphaned volume ", r'^Orphaned volume "?(?P<volume>[^"\s]+)"? found, tearing down volume', E.VOLUME_ORPHANED),
    text(
        "still has a container running ",
        rf'^volume "?(?P<volume>[^",]+)"?, still has a container running "?{_UID}"?, skipping teardown',
        E.VOLUME_HELD,
    ),
    Rule("kill process ", _cgroup_kill),
    Rule("kill all ", _cgroup_kill),
    Rule("killed all unwanted processes", _cgroup_kill),
    text("not found in pod's containers", r'^Container "(?P<id>[^"]+)" not found in pod\'s containers', E.CONTAINER_NOT_IN_POD),
    *told(E.CONTAINER_NOT_IN_POD, "Container not found in pod's containers"),
    *told(E.CONTAINER_STATE_STALE, "RemoveStaleState: removing container"),
    text("RemoveStaleState", r"^\[cpumanager\] RemoveStaleState: removing container (?P<id>[0-9a-f]{12,64})", E.CONTAINER_STATE_STALE),
    text(
        "RemoveStaleState",
        rf"^(?:\[\w+\] )?RemoveStaleState: removing \(pod {_UID}, container: (?P<container>[^)]+)\)",
        E.CONTAINER_STATE_STALE,
    ),
    # containers that nobody knows, or of another naming
    text("but too few fields", r'^[Ff]ound a container with the "[^"]*" prefix, but too few fields', E.CONTAINER_FOREIGN),
    text("is not managed by kubelet", r"^Docker Container: ?(?P<name>\S+) is not managed by kubelet", E.CONTAINER_FOREIGN),
    text("legacy containers", r"^No legacy containers found, stop performing legacy cleanup", E.CONTAINER_FOREIGN),
    text("Found legacy sandboxes", r"^Found legacy sandboxes ", E.CONTAINER_FOREIGN),
    # static pods and their mirrors
    text("irror pod ", rf"^(?:Deleting|Deleted) (?:a )?mirror pod {_QUOTED_POD}", E.POD_MIRROR),
    text("irror pod ", rf"^Creating a mirror pod (?:for static pod )?{_QUOTED_POD}", E.POD_MIRROR),
    text("irror pod ", rf"^Failed (?:creating|deleting) (?:a )?mirror pod (?:for )?{_QUOTED_POD}", E.POD_MIRROR),
    *told(
        E.POD_MIRROR,
        "Deleting a mirror pod",
        "Deleted mirror pod because it is outdated",
        "Deleted mirror pod",
        "Trying to delete pod",
        "Creating a mirror pod for static pod",
        "Failed creating a mirror pod",
        "Failed creating a mirror pod for",
        "Failed deleting a mirror pod",
        "Failed deleting mirror pod",
    ),
    # the stages of a housekeeping, at V(3), every 2 s
    plain("Clean up pod workers for terminated pods", E.POD_CLEANUP),
    plain("Clean up probes for terminated pods", E.POD_CLEANUP),
    plain("Clean up orphaned mirror pods", E.POD_CLEANUP),
    plain("Clean up orphaned pod statuses", E.POD_CLEANUP),
    plain("Clean up orphaned pod directories", E.POD_CLEANUP),
    plain("Clean up orphaned pod cgroups", E.POD_CLEANUP),
    plain("Clean up orphaned pod user namespace allocations", E.POD_CLEANUP),
    plain("Failed cleaning up orphaned", E.POD_CLEANUP_FAILED),
    plain("Failed cleaning pods", E.POD_CLEANUP_FAILED),
    plain("Failed to cleanup terminated pods", E.POD_CLEANUP_FAILED),
)
