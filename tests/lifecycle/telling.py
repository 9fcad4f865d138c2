"""What a simulated cluster consists of, and how what happens in it is told: each dialect writes lines of its own, all send like events."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.lifecycle.incident import Incident

FOREVER = float("inf")
SANDBOX = "POD"


def digits(*parts: object) -> str:
    """64 hex digits, the same for the same parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


@dataclass(eq=False)
class Ran:
    """One run of one container, as it truly was."""

    pod: "APod"
    container: str
    id: str
    start: float
    end: float = FOREVER
    by: str = ""  # kubelet, itself, node, runtime


@dataclass(eq=False)
class APod:
    name: str
    uid: str
    node: str
    owner: str  # KIND/NAME, or '' for a bare pod
    containers: tuple[str, ...]
    made: float
    static: bool = False
    marked: float = FOREVER  # deletion asked for
    gone: float = FOREVER  # no longer in the API
    attempts: dict[str, int] = field(default_factory=dict)
    live: dict[str, Ran] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return f"default/{self.name}"

    @property
    def kind(self) -> str:
        return self.owner.partition("/")[0]


@dataclass
class Up:
    """One kubelet process."""

    node: str
    start: float
    end: float = FOREVER
    cause: str = ""  # of its end: stopped, killed, crashed, power
    booted: bool = False


class Telling(Incident):
    """The words for what happens. Lines are a dialect's; events are as Kubernetes 1.20 tells them, unless a dialect says otherwise."""

    def event(
        self, second: float, kind: str, name: str, reason: str, message: str, *, component: str = "", host: str | None = None, **more: Any
    ) -> None:
        super().event(second, kind, name, reason, message, component=component, host=host, **more)
        self.events[-1]["metadata"]["second"] = second

    def line_added(self, node: str, second: float, pods: list[APod]) -> None:
        raise NotImplementedError

    def line_deleted(self, node: str, second: float, pods: list[APod]) -> None:
        raise NotImplementedError

    def line_removed(self, node: str, second: float, pods: list[APod]) -> None:
        raise NotImplementedError

    def line_sandbox_needed(self, node: str, second: float, pod: APod) -> None:
        raise NotImplementedError

    def line_seen(self, node: str, second: float, pod: APod, container_id: str, what: str) -> None:
        """What the relist saw."""
        raise NotImplementedError

    def line_found(self, node: str, second: float, pod: APod, container_id: str) -> None:
        """A container that ran already when the kubelet started."""
        raise NotImplementedError

    def line_finished(self, node: str, second: float, pod: APod, container_id: str, code: int, late: bool = False) -> None:
        raise NotImplementedError

    def line_killing(self, node: str, second: float, ran: Ran, grace: int) -> None:
        raise NotImplementedError

    def lines_started(self, node: str, second: float) -> None:
        raise NotImplementedError

    def lines_idle(self, node: str, start: float, end: float) -> None:
        raise NotImplementedError

    def lines_cut_off(self, node: str, start: float, end: float) -> None:
        raise NotImplementedError

    def remove_unknown(self, second: float, pods: list[APod]) -> None:
        """The API no longer knows pods that run."""
        raise NotImplementedError

    def never_started(self, second: float, ran: Ran) -> None:
        """What the runtime tells of a start that failed."""
        raise NotImplementedError

    def runtime(self, second: float, action: str, ran: Ran, value: int = 0) -> None:
        raise NotImplementedError

    def told_started(self, second: float, ran: Ran) -> None:
        if ran.container != SANDBOX:
            self._about(second, ran, "Started", f"Started container {ran.container}")

    def _about(self, second: float, ran: Ran, reason: str, message: str) -> None:
        """A kubelet's event about a container."""
        field_path = f"spec.containers{{{ran.container}}}" if ran.container != SANDBOX else "implicitly required container POD"
        self.event(
            second, "Pod", ran.pod.name, reason, message, component="kubelet", host=ran.pod.node, uid=ran.pod.uid, fieldPath=field_path
        )

    def told_evicted(self, second: float, pod: APod) -> None:
        text = f"Marking for deletion Pod {pod.ref}"
        self.event(second, "Pod", pod.name, "TaintManagerEviction", text, component="taint-controller", namespace="default")

    def told_deleted(self, second: float, kind: str, name: str, pod: APod) -> None:
        text = f"delete Pod {pod.name} in StatefulSet {name} successful" if kind == "StatefulSet" else f"Deleted pod: {pod.name}"
        self.event(second, kind, name, "SuccessfulDelete", text, component=f"{kind.lower()}-controller")

    def told_killing(self, second: float, ran: Ran) -> None:
        field_path = f"spec.containers{{{ran.container}}}"
        self.event(second, "Pod", ran.pod.name, "Killing", f"Stopping container {ran.container}", component="kubelet",
                   host=ran.pod.node, uid=ran.pod.uid, fieldPath=field_path)  # fmt: skip
