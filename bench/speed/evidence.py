"""Made-up happenings as evidence: a kubelet's journal (JSON or text), docker's events, a list of API events. Of any size."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

from bench.speed.life import START_US, Happening, Pod, life

_BOOT, _MACHINE = "98fd86eabf8e4e9896eb0cdb904d8019", "41b4219074c24a4db81e72f1a1e36bc2"
_NOISE = 55
"""Lines of no interest to each happening: a twentieth of the lines tells of lifecycles (2 to 4 lines a happening)."""

Line = tuple[int, str, int, str]  # µs, identifier, process, message
_QUIET: tuple[tuple[str, Callable[[Random], str]], ...] = (  # what a kubelet writes most at V(2) to V(4): half of it says nothing at all
    *[("setters.go:77", lambda r: f'Using node IP: "10.99.0.{r.randrange(255)}"')] * 6,
    *[("kubelet.go:1913", lambda _: "SyncLoop (housekeeping)")] * 6,
    *[("prober.go:125", lambda r: f'Liveness probe for "{_someone(r)}:api" succeeded')] * 6,
    *[("httplog.go:94", lambda r: f'verb="GET" URI="/metrics" latency="{r.randrange(9999)}µs" userAgent="Prometheus/2.22.1" resp=200')] * 6,
    *[("kubelet_getters.go:177", lambda r: f'Pod status updated: "kube-proxy-{r.getrandbits(20):05x}" Running')] * 6,
    *[("topology_manager.go:187", lambda _: "[topologymanager] Topology Admit Handler")] * 3,
    *[("reflector.go:219", lambda _: 'Starting reflector *v1.Secret (0s) from object-"default"/"default-token-fxpqs"')] * 3,
    ("pod_container_deletor.go:79", lambda r: f'Container "{r.getrandbits(256):064x}" not found in pod\'s containers'),
    ("scope.go:95", lambda r: f"[topologymanager] RemoveContainer - Container ID: {r.getrandbits(256):064x}"),
    ("oom_linux.go:66", lambda r: f'failed to set "/proc/{r.randrange(99999)}/oom_score_adj" to "-999": permission denied'),
    ("kubelet.go:1898", lambda r: f"SyncLoop (SYNC): {r.randrange(9)} pods; " + _someone(r)),
    ("reconciler.go:224", lambda r: _volume(r, "operationExecutor.VerifyControllerAttachedVolume started")),
    ("operation_generator.go:672", lambda r: _volume(r, "MountVolume.SetUp succeeded")),
)


def _someone(rng: Random) -> str:
    bits = f"{rng.getrandbits(64):016x}"
    return f"example-api-release-{rng.randrange(90)}-{bits[:5]}_default({bits[:8]}-{bits[:4]}-{bits[4:8]}-{bits[8:12]}-{bits[4:16]})"


def _volume(rng: Random, what: str) -> str:
    unique = f"kubernetes.io/secret/{rng.getrandbits(64):016x}-token"
    return f'{what} for volume "default-token-fxpqs" (UniqueName: "{unique}") pod "{_someone(rng)}"'


def kubelet(happenings: Iterator[Happening], rng: Random, noise: int = _NOISE) -> Iterator[Line]:
    """What the kubelet and systemd write, in the order of time."""
    last, gone, pid = START_US, False, 4215
    for happening in happenings:
        step = (happening.time - last) // (noise + 1)
        for number in range(0 if gone else noise):
            moment = last + step * (number + 1)
            file, text = _QUIET[rng.randrange(len(_QUIET))]
            yield moment, "kubelet", pid, _klog(moment, pid, file, text(rng))
        gone = happening.verb == "stopped" or (gone and happening.verb != "returned")
        pid += 300 if happening.verb == "returned" else 0
        last = happening.time
        yield from _lines(happening, pid, gone)


def _klog(moment: int, pid: int, file: str, text: str) -> str:
    return f"I{datetime.fromtimestamp(moment / 1e6, UTC):%m%d %H:%M:%S.%f}    {pid} {file}] {text}"


def _lines(happening: Happening, pid: int, gone: bool) -> Iterator[Line]:
    time, pod = happening.time, happening.pod
    unit = "kubelet.service - kubelet: The Kubernetes Node Agent"
    if pod is None:
        for text in (f"Stopping {unit}...", f"Stopped {unit}.") if happening.verb == "stopped" else (f"Started {unit}.",):
            yield time, "systemd", 1, text
    elif not gone:
        full = f"{pod.name}_default({pod.uid})"
        if happening.verb == "started":
            told = [(0, "kubelet.go:1888", f'SyncLoop (ADD, "api"): "{full}"')]
            told += [(900_000, "kubelet.go:1933", _pleg(full, pod, "ContainerStarted", i)) for i in (pod.container, pod.sandbox)]
        else:
            told = [(0, "kubelet.go:1904", f'SyncLoop (DELETE, "api"): "{full}"')]
            told += [(1000, "kuberuntime_container.go:635", f'Killing container "docker://{pod.container}" with a 30 second grace period')]
            told += [(900_000, "kubelet.go:1933", _pleg(full, pod, "ContainerDied", i)) for i in (pod.container, pod.sandbox)]
        for later, file, text in told:
            yield time + later, "kubelet", pid, _klog(time + later, pid, file, text)


def _pleg(full: str, pod: Pod, kind: str, identity: str) -> str:
    return f'SyncLoop (PLEG): "{full}", event: &pleg.PodLifecycleEvent{{ID:"{pod.uid}", Type:"{kind}", Data:"{identity}"}}'


def as_json(line: Line, node: str, ordinal: int) -> str:
    """As ``journalctl -o json`` (systemd 252) writes it: two dozen fields, 1.2 kB."""
    moment, identifier, pid, message = line
    unit = "kubelet.service" if identifier == "kubelet" else "init.scope"
    about = {} if identifier == "kubelet" else {"UNIT": "kubelet.service", "CODE_FILE": "src/core/job.c", "CODE_LINE": "768"}
    members = {
        "_CMDLINE": f"/usr/bin/{identifier} --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml"
        f" --hostname-override={node} --node-ip=10.99.0.11 --pod-infra-container-image=k8s.gcr.io/pause:3.2 --logtostderr=true --v=2",
        "_SYSTEMD_CGROUP": f"/system.slice/{unit}",
        "_SYSTEMD_INVOCATION_ID": "560dd26266384f03b4aa7ab93841375c",
        "SYSLOG_FACILITY": "3",
        "_HOSTNAME": node,
        "_COMM": identifier,
        "PRIORITY": "6",
        "_GID": "0",
        "SYSLOG_IDENTIFIER": identifier,
        "_MACHINE_ID": _MACHINE,
        "_PID": str(pid),
        "_BOOT_ID": _BOOT,
        "_CAP_EFFECTIVE": "1fffeffffff",
        "_SYSTEMD_SLICE": "system.slice",
        "__CURSOR": f"s=c4f1071bc8ab4fc69b1f481439b9c10b;i={ordinal:x};b={_BOOT};m={moment - START_US:x};t={moment:x};x=564eb667a9be21f",
        "_TRANSPORT": "stdout",
        "__MONOTONIC_TIMESTAMP": str(moment - START_US + 2_000_000_000),
        "_EXE": f"/usr/bin/{identifier}",
        "_RUNTIME_SCOPE": "system",
        "__REALTIME_TIMESTAMP": str(moment + 1500),
        "_UID": "0",
        "_STREAM_ID": "15165a909023494dbf79e9bf5129309d",
        **about,
        "_SYSTEMD_UNIT": unit,
        "MESSAGE": message,
    }
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False) + "\n"


def as_text(line: Line, node: str) -> str:
    """As ``journalctl -o short-iso-precise`` writes it."""
    moment, identifier, pid, message = line
    return f"{datetime.fromtimestamp((moment + 1500) / 1e6, UTC):%Y-%m-%dT%H:%M:%S.%f%z} {node} {identifier}[{pid}]: {message}\n"


def docker(happening: Happening) -> Iterator[str]:
    """As ``docker events --format '{{json .}}'`` (20.10) writes it."""
    pod = happening.pod
    if pod is None:
        return
    if happening.verb == "started":
        told = [(pod.sandbox, "POD", "create", 0), (pod.sandbox, "POD", "start", 200_000)]
        told += [(pod.container, pod.app, "create", 500_000), (pod.container, pod.app, "start", 700_000)]
    else:
        told = [(pod.container, pod.app, "kill", 2000), (pod.container, pod.app, "die", 400_000), (pod.sandbox, "POD", "die", 700_000)]
        told += [(pod.container, pod.app, "destroy", 800_000), (pod.sandbox, "POD", "destroy", 900_000)]
    for identity, name, action, later in told:
        nanos = (happening.time + later) * 1000
        labels = {
            **{"kill": {"signal": "15"}, "die": {"exitCode": "0"}}.get(action, {}),
            "image": "k8s.gcr.io/pause:3.2",
            "io.kubernetes.container.name": name,
            "io.kubernetes.docker.type": "podsandbox" if name == "POD" else "container",
            "io.kubernetes.pod.name": pod.name,
            "io.kubernetes.pod.namespace": "default",
            "io.kubernetes.pod.uid": pod.uid,
            "name": f"k8s_{name}_{pod.name}_default_{pod.uid}_0",
        }
        document = {
            "status": action,
            "id": identity,
            "from": "k8s.gcr.io/pause:3.2",
            "Type": "container",
            "Action": action,
            "Actor": {"ID": identity, "Attributes": labels},
            "scope": "local",
            "time": nanos // 10**9,
            "timeNano": nanos,
        }
        yield json.dumps(document, separators=(",", ":")) + "\n"


def api_events(happening: Happening, node: str, ordinal: int) -> Iterator[str]:
    """As ``kubectl get events -o json`` writes its items."""
    pod = happening.pod
    if pod is None:
        return
    reason, said = ("Started", "Started") if happening.verb == "started" else ("Killing", "Stopping")
    stamp = f"{datetime.fromtimestamp(happening.time / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"
    involved = {
        "apiVersion": "v1",
        "fieldPath": f"spec.containers{{{pod.app}}}",
        "kind": "Pod",
        "name": pod.name,
        "namespace": "default",
        "uid": pod.uid,
    }
    document = {
        "apiVersion": "v1",
        "count": 1,
        "eventTime": None,
        "firstTimestamp": stamp,
        "involvedObject": involved,
        "kind": "Event",
        "lastTimestamp": stamp,
        "message": f"{said} container {pod.app}",
        "metadata": {"creationTimestamp": stamp, "name": f"{pod.name}.{ordinal:016x}", "namespace": "default", "uid": f"{ordinal:032x}"},
        "reason": reason,
        "reportingComponent": "",
        "reportingInstance": "",
        "source": {"component": "kubelet", "host": node},
        "type": "Normal",
    }
    text = json.dumps(document, indent=4).replace("\n", "\n        ")
    yield f"{',' if ordinal else ''}\n        {text}"


def write(kind: str, path: Path, size: int, seed: int = 1, node: str = "minion-01") -> None:
    """At least ``size`` bytes of one kind of evidence (KINDS) into a file."""
    rng = Random(f"{seed} {kind} {node}")
    happenings = life(rng, None)
    head, parts, tail = _KINDS[kind](happenings, rng, node)
    written = len(head)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        while written < size:
            block = "".join(islice(parts, 2000))
            written += len(block)
            file.write(block)
        file.write(tail)


_Parts = tuple[str, Iterator[str], str]


def _journal_json(happenings: Iterator[Happening], rng: Random, node: str) -> _Parts:
    return "", (as_json(line, node, n) for n, line in enumerate(kubelet(happenings, rng))), ""


def _journal_text(happenings: Iterator[Happening], rng: Random, node: str) -> _Parts:
    return "", (as_text(line, node) for line in kubelet(happenings, rng)), ""


def _docker(happenings: Iterator[Happening], _rng: Random, _node: str) -> _Parts:
    return "", (line for happening in happenings for line in docker(happening)), ""


def _events(happenings: Iterator[Happening], _rng: Random, node: str) -> _Parts:
    head = '{\n    "apiVersion": "v1",\n    "items": ['
    return head, (text for n, h in enumerate(happenings) for text in api_events(h, node, n)), '\n    ],\n    "kind": "List"\n}\n'


_KINDS: dict[str, Callable[[Iterator[Happening], Random, str], _Parts]] = {
    "journal-json": _journal_json,
    "journal-text": _journal_text,
    "docker-events": _docker,
    "api-events": _events,
}
KINDS = tuple(_KINDS)


def fleet(folder: Path, pods: int, outages: int, nodes: int, seed: int = 1) -> None:
    """Lifecycle-heavy evidence: ``pods`` (two containers each) and ``outages`` over some nodes; journals without noise, docker's events."""
    for number in range(nodes):
        node = f"minion-{number + 1:04}"
        place = folder / node
        place.mkdir(parents=True)
        mine = (pods * (number + 1) // nodes - pods * number // nodes, outages * (number + 1) // nodes - outages * number // nodes)
        lives = [life(Random(f"{seed} {node}"), *mine) for _ in range(2)]  # the same life twice
        with (place / "kubelet.journal.json").open("w") as file:
            file.writelines(as_json(line, node, n) for n, line in enumerate(kubelet(lives[0], Random(seed), noise=1)))
        with (place / "docker-events.jsonl").open("w") as file:
            file.writelines(line for happening in lives[1] for line in docker(happening))
