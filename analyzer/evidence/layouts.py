"""What a source's place in a bundle tells: of which node it is, and which container wrote it. Never what it holds.

Layouts of must-gather and `oc adm inspect`, sosreport, Sonobuoy, troubleshoot's support bundle, `kubectl cluster-info dump`,
`kind export logs`, the EKS log collector, and of a node's own /var/log/pods, /var/log/containers and /var/lib/docker.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_NAMESPACE, _POD, _CONTAINER = (rf"(?P<{group}>{_NAME})" for group in ("namespace", "pod", "container"))
_NODE = r"(?P<node>[A-Za-z0-9][A-Za-z0-9._-]*?)"
_AGAIN = r"(?:[-.]previous)?(?:\.insecure)?"

_LAYOUTS: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("/var/log/pods", rf"/pods/{_NAMESPACE}_{_POD}_(?P<uid>[0-9a-f-]{{32,36}})/{_CONTAINER}/\d+\.log"),
        ("/var/log/containers", rf"/containers/{_POD}_{_NAMESPACE}_{_CONTAINER}-(?P<id>[0-9a-f]{{64}})\.log"),
        ("/var/lib/docker", r"/containers/(?P<id>[0-9a-f]{64})/(?P=id)-json\.log"),
        ("must-gather", rf"/namespaces/{_NAMESPACE}/pods/{_POD}/{_CONTAINER}/(?P=container)/logs/[a-z.]+\.log"),
        ("troubleshoot", rf"/cluster-resources/pods/logs/{_NAMESPACE}/{_POD}/(?P<container>[a-z0-9][a-z0-9.-]*?){_AGAIN}\.log$"),
        ("sonobuoy", rf"/podlogs/{_NAMESPACE}/{_POD}/logs/{_CONTAINER}\.txt$"),
        ("sonobuoy", rf"/plugins/systemd[_-]logs/results/{_NODE}(?:/|(?:\.(?:json|log|txt))?$)"),
        ("sonobuoy", rf"/hosts/{_NODE}/(?:healthz|configz)\b"),
        ("must-gather", rf"/nodes/{_NODE}/(?P=node)_logs_"),
        ("sosreport", rf"/(?P<bundle>sosreport-{_NODE}-(?:[0-9]+-)?[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}-[a-z]+)/"),
        ("sosreport", rf"/(?P<bundle>sosreport-{_NODE}(?:\.[0-9]+)?-[0-9]{{14}}(?:-[0-9a-f]+)?)/"),
        ("EKS log collector", r"/(?P<bundle>eks_i-[0-9a-f]+_[^/]+)/"),
        ("cluster-info dump", rf"/{_NAMESPACE}/{_POD}/logs\.txt$"),
    )
)
_KIND_MARKS: Final = frozenset({"kubernetes-version.txt", "journal.log", "inspect.json"})
"""What `kind export logs` writes into each node's folder, whatever the runtime."""


@dataclass(frozen=True)
class Place:
    """Fields are None where the place does not tell. ``bundle``: the path of the folder that holds one node's evidence alone."""

    layout: str
    node: str | None = None
    bundle: str | None = None
    namespace: str | None = None
    pod: str | None = None
    uid: str | None = None
    container: str | None = None
    id: str | None = None


def place(source: str, root: str, kinds: frozenset[str] = frozenset()) -> Place | None:
    """Where a source stands. ``root``: the name of the PATH it was found under. ``kinds``: see ``kind_nodes``."""
    path = f"/{root}/{source}"
    found: dict[str, str | None] = {}
    layout = None
    for name, pattern in _LAYOUTS:
        match = pattern.search(path)
        if match is None:
            continue
        layout = layout or name
        found = {**match.groupdict(), **found}
        if match.groupdict().get("bundle"):
            found["bundle"] = path[: match.end("bundle")]
    folder = next((folder for folder in _folders(path) if folder in kinds), None)
    if folder is not None:
        layout, found = layout or "kind export logs", {"node": folder.rsplit("/", 1)[-1], "bundle": folder, **found}
    return Place(layout, **found) if layout else None


def kind_nodes(sources: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The folders of nodes that `kind export logs` made, among all sources (name and root), as ``place`` writes paths."""
    held: dict[str, set[str]] = {}
    for source, root in sources:
        folder, _, name = f"/{root}/{source}".rpartition("/")
        if name in _KIND_MARKS:
            held.setdefault(folder, set()).add(name)
    return frozenset(folder for folder, names in held.items() if len(names) > 1)


def _folders(path: str) -> Iterable[str]:
    while path := path.rpartition("/")[0]:
        yield path
