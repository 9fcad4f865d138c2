"""Settings of the control plane in short, and the lines that tell of them."""

from typing import Any

from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.settings import settings
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A
from tests.lifecycle.parts import said

Bounds = tuple[float, float, float, str]


def bounds(of: Lifecycle, name: str) -> Bounds | None:
    """Value, low, high, source."""
    found = settings(of).get(name)
    return None if found is None else (round(found.value, 3), round(found.low, 3), round(found.high, 3), found.source)


def flag(name: str, value: str, kind: E = E.CONTROL_PLANE_FLAG, second: float = 1, **more: str) -> Any:
    return said(second, kind, "control-plane", node=None, attributes={"flag": name, "is": value, **more})


def missed(second: float, silent: float | None, status: str = "Unknown", condition: str | None = "Ready", node: str = A) -> Any:
    told = {"silent_s": silent, "condition": condition, "status": status}
    return said(second, E.NODE_HEARTBEAT_MISSED, "control-plane", node=node, attributes={k: v for k, v in told.items() if v is not None})


def silence(first: float = 100.01, heard: float = 84, every: float = 5, looks: int = 4, node: str = A) -> list[Any]:
    """The messages at so many looks, the first of which still knew the node as Ready."""
    seconds = [first + every * n for n in range(looks)]
    return [missed(s, s - heard, "True" if s == first else "Unknown", node=node) for s in seconds]
