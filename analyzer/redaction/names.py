"""The names in a piece of evidence: of nodes, namespaces, pods, controllers, containers, images, and of the folders that it lay in."""

import re
from collections.abc import Iterable, Iterator

import polars as pl

from analyzer.analysis import Analysis

_KINDS = (
    ("events", "node", "node"),
    ("activity", "node", "node"),
    ("attributions", "node", "node"),
    ("sources", "node", "node"),
    ("events", "k8s_pod_name", "pod"),
    ("events", "controller", "name"),
    ("events", "k8s_namespace_name", "ns"),
    ("objects", "k8s_namespace_name", "ns"),
    ("events", "k8s_container_name", "container"),
)
_IMAGE = re.compile(r'"image"\s*:\s*"([^"]{1,500})"|\bimage[ =:]+\\?"?([\w./:@-]{1,500})')
_LABELS = re.compile(r'"(?:name|app|uid|hostname|hostIP|podIP|nodeName|serviceAccountName|generateName)"\s*:\s*"([^"]{1,253})"')
_ORDINARY = frozenset(
    """api app apps audit bin boot case cluster container containers controller cri crictl current data default describe docker dump etc
    end event events export get home image info inspect journal json jsonl k8s kube kubectl kubelet kubernetes lib list log logs manager
    message messages minion must-gather namespaces node nodes opt pod pods previous proxy rc readme md rs root run scheduler short sos
    sosreport start stdin syslog system text tmp txt usr var worker yaml yml""".split()  # noqa: SIM905
)
_HOSTED = re.compile(r"[.:]|localhost")


def names(analysis: Analysis) -> dict[str, str]:
    """Each with the kind of thing that it names; of several kinds the first counts."""
    found: dict[str, str] = {}
    for name, kind in _all(analysis):
        if len(name) > 1:
            found.setdefault(name, kind)
    return found


def _all(analysis: Analysis) -> Iterator[tuple[str, str]]:
    for table, column, kind in _KINDS:
        for name in _values(analysis, table, column):
            yield name.rpartition("/")[2], kind
    life = analysis.life
    yield from ((node, "node") for node in life.nodes)
    objects = analysis.store.table("objects")
    for kind, name in objects.select("kind", "name").drop_nulls().unique().sort("kind", "name").iter_rows():
        yield name, {"Pod": "pod", "Node": "node", "Namespace": "ns"}.get(kind, "name")
    for document in objects["document"]:
        yield from ((value, "name") for value in _LABELS.findall(document))
        yield from _images(document)
    for column in ("message", "attributes"):
        for text in _values(analysis, "events", column):
            yield from _images(text)
    for column in ("source", "root"):
        for path in _values(analysis, "sources", column):
            yield from ((part, "path") for part in _folders(path))


def _values(analysis: Analysis, table: str, column: str) -> list[str]:
    values: pl.Series = analysis.store.table(table)[column].drop_nulls().unique().sort()
    return values.to_list()


def _images(text: str) -> Iterator[tuple[str, str]]:
    for match in _IMAGE.finditer(text):
        image = (match[1] or match[2]).partition("@")[0]
        parts = image.split("/")
        parts[-1] = parts[-1].partition(":")[0]
        yield from ((part, "image") for part in parts if not _HOSTED.search(part) and part not in _ORDINARY)


def _folders(path: str) -> Iterable[str]:
    """What stands in a path and is no word of every layout."""
    for part in path.split("/"):
        words = [word for word in re.split(r"[-._#]", part) if word and not word.isdigit()]
        if words and not all(word.lower() in _ORDINARY for word in words):
            yield part
