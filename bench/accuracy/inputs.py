"""What the tool gets to see: one and the same incident in different renderings."""

import shutil
from collections.abc import Iterator
from pathlib import Path

_OBJECTS = tuple(f"cluster/{k}-*.json" for k in ("pods", "nodes", "rc", "rs", "deployments", "statefulsets", "daemonsets", "jobs"))

INPUTS: dict[str, tuple[str, ...]] = {
    "json": (
        "minion-*/kubelet.journal.json",
        "minion-*/docker-events.jsonl",
        "minion-*/containerd.journal.json",
        "minion-*/containerd-events.txt",
        "cluster/events.json",
        *_OBJECTS,
    ),
    "text": (
        "minion-*/kubelet.short-iso",
        "minion-*/docker-events.txt",
        "minion-*/containerd-events.txt",
        "cluster/events.yaml",
    ),
    "export": (
        "minion-*/kubelet.journal.export",
        "minion-*/docker-events.txt",
        "minion-*/containerd.journal.export",
        "minion-*/containerd-events.txt",
        "cluster/events.json",
    ),
    "binary": (
        "minion-*/journal/*.journal*",
        "minion-*/docker-events.jsonl",
        "minion-*/containerd-events.txt",
        "cluster/events.json",
    ),
    "no-api": (
        "minion-*/kubelet.short-iso",
        "minion-*/docker-events.txt",
        "minion-*/containerd-events.txt",
    ),
    "all": ("**/*",),
}
"""Kind of input -> the files of a capture that belong to it."""

NEVER = frozenset({"truth.jsonl", "actions.jsonl", "README.md"})
"""What says how it truly was; no input may hold it."""


def captures(corpus: Path, pattern: str, all_runtimes: bool) -> list[Path]:
    """The captures with ground truth; without ``all_runtimes`` only those with docker's events."""
    found = sorted(path.parent for path in corpus.glob(f"captures/{pattern}/truth.jsonl"))
    return [path for path in found if all_runtimes or any(path.glob("minion-*/docker-events.jsonl"))]


def assemble(capture: Path, kind: str, target: Path) -> None:
    """Copy the files of a kind of input, in the folders they lie in."""
    for path in files(capture, kind):
        copy = target / path.relative_to(capture)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def files(capture: Path, kind: str) -> Iterator[Path]:
    found = {path for pattern in INPUTS[kind] for path in capture.glob(pattern)}
    return (path for path in sorted(found) if path.is_file() and path.name not in NEVER)
