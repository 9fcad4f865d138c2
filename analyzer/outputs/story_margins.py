"""How close an outage came, in words; by design, and by how much it was missed."""

from datetime import timedelta
from typing import Any

from analyzer.detectors.base import seconds
from analyzer.findings import Finding

_NEXT = {"none": ("not_ready", "its node would have been NotReady"), "not-ready": ("eviction", "its pods would have been evicted")}


def margin(outage: Finding) -> str:
    """'it was back 12 s before its pods would have been evicted'; empty where nothing tells, and after what did happen."""
    name, what = _NEXT.get(str(outage.details.get("effect")), ("", ""))
    told = deadlines(outage)
    best, bounds = told.get(f"{name}_margin_s"), told.get(f"{name}_margin_bounds_s")
    if not isinstance(best, int | float) or best <= 0:
        return _by_default(told) if name == "not_ready" else ""
    sure = isinstance(bounds, list) and bounds[0] > 0
    return f"it was back {'' if sure else 'about '}{_rounded(best)} before {what}"


def _by_default(told: dict[str, Any]) -> str:
    """Where this cluster's own settings are not in the evidence."""
    best = (told.get("by_default") or {}).get("not_ready_margin_s")
    if not isinstance(best, int | float) or best <= 0:
        return ""
    return f"with Kubernetes' default settings (this cluster's own are not in the evidence) that is about {_rounded(best)} before NotReady"


def closest(outages: list[Finding]) -> tuple[Finding, str] | None:
    """Of many outages that which came closest to the gravest thing that it missed."""
    for effect in ("not-ready", "none"):
        some = [(o, m) for o in outages if o.details.get("effect") == effect and (m := margin(o))]
        if some:
            name = _NEXT[effect][0]
            return min(some, key=lambda x: deadlines(x[0]).get(f"{name}_margin_s") or 0.0)
    return None


def deadlines(outage: Finding) -> dict[str, Any]:
    return outage.details.get("deadlines") or {}


def waited(outage: Finding) -> str:
    """Evictions are meant to come: ', as it is meant to (pods tolerate a lost node for 20 s)'."""
    known = (deadlines(outage).get("settings") or {}).get("default-unreachable-toleration-seconds")
    told = f" (pods tolerate a lost node for {known['value_s']:.0f} s)" if known and not known["assumed"] else " after its timeout"
    return f", as it is meant to{told}"


def _rounded(value: float) -> str:
    return f"{value:.0f} s" if 1 <= value < 60 else seconds(timedelta(seconds=value))
