"""Which containers a runtime has, as its client prints them: tables that people paste.

``docker ps`` (``docker container ls``, ``podman ps``, ``nerdctl ps``), ``crictl ps`` and ``crictl pods``, ``ctr containers ls`` and
``ctr tasks ls``: told apart by their headings, in all widths, ids cut or whole, several tables in one file. Cells stand under their
headings. 'Up 5 minutes' and '3 hours ago' count from a moment that the table does not tell: they become no time. ctr does not say
whose a container is, and ``ctr containers ls`` not even whether it runs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.lines import beginning, chunks
from analyzer.formats.runtimes.container_snapshots import Document, document, exit_code, frame, row
from analyzer.formats.runtimes.docker_names import from_name
from analyzer.formats.tables import Reject, reject_frame
from analyzer.vocabulary import SANDBOX

_LEAD: Final = 10
"""So many foreign lines may stand before the header: a prompt, what crictl says of its configuration."""
_SIZE: Final = CHUNK // 8
_HEAD: Final = re.compile(r"(?:CONTAINER(?: ID)?|POD ID|SANDBOX ID|TASK) {2,}[A-Z]")
_WHOLE: Final = re.compile(r"[0-9a-f]{64}")
_CALLED: Final = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_NERDCTL: Final = re.compile(r"k8s://(?P<ns>[^/\s]+)/(?P<pod>[^/\s]+)(?:/(?P<container>[^/\s]+))?")

Cells = Mapping[str, str]


def _docker_ps(cells: Cells) -> Document | None:
    names = cells["NAMES"].split(",")
    who = next(filter(None, (from_name(name) or _by_nerdctl(name) for name in names)), None)
    if who is None:
        return None
    return document(cells["CONTAINER ID"], who, cells["STATUS"].startswith("Up"), code=exit_code(cells["STATUS"]))


def _by_nerdctl(name: str) -> dict[str, Any]:
    match = _NERDCTL.fullmatch(name)
    if match is None:
        return {}
    return {"k8s_namespace_name": match["ns"], "k8s_pod_name": match["pod"], "k8s_container_name": match["container"] or SANDBOX}


def _crictl_ps(cells: Cells) -> Document | None:
    """Only since 1.23 with the pod, since 1.32 with its namespace."""
    columns = {"k8s_container_name": "NAME", "k8s_pod_name": "POD", "k8s_namespace_name": "NAMESPACE"}
    who = {column: cells.get(name) or None for column, name in columns.items()}
    return document(cells.get("CONTAINER ID") or cells.get("CONTAINER"), who, _running(cells["STATE"]), count=cells.get("ATTEMPT", ""))


def _crictl_pods(cells: Cells) -> Document | None:
    who = {"k8s_container_name": SANDBOX, "k8s_pod_name": cells["NAME"] or None, "k8s_namespace_name": cells["NAMESPACE"] or None}
    return document(cells.get("POD ID") or cells.get("SANDBOX ID"), who, _running(cells["STATE"]))


def _ctr_tasks(cells: Cells) -> Document | None:
    return _ctr(cells["TASK"], _running(cells["STATUS"]))


def _ctr_containers(cells: Cells) -> Document | None:
    return _ctr(cells["CONTAINER"], None)


def _ctr(identity: str, running: bool | None) -> Document | None:
    """Kubernetes' have ids of 64 digits; others any name. ValueError: it is none."""
    if not _CALLED.fullmatch(identity):
        raise ValueError("no container id")
    return document(identity, {}, running) if _WHOLE.fullmatch(identity) else None


def _running(state: str) -> bool | None:
    """Of ``Running``, ``CONTAINER_RUNNING``, ``SANDBOX_NOTREADY`` ...; None: the runtime does not know."""
    said = state.upper().rpartition("_")[2]
    return None if said in ("UNKNOWN", "") else said in ("RUNNING", "READY", "PAUSED", "PAUSING")


_TABLES: Final[tuple[tuple[frozenset[str], Callable[[Cells], Document | None]], ...]] = (
    (frozenset({"CONTAINER ID", "STATUS", "NAMES"}), _docker_ps),
    (frozenset({"CONTAINER ID", "STATE", "NAME", "POD ID"}), _crictl_ps),
    (frozenset({"CONTAINER", "STATE", "NAME", "POD ID"}), _crictl_ps),
    (frozenset({"POD ID", "STATE", "NAME", "NAMESPACE"}), _crictl_pods),
    (frozenset({"SANDBOX ID", "STATE", "NAME", "NAMESPACE"}), _crictl_pods),
    (frozenset({"TASK", "PID", "STATUS"}), _ctr_tasks),
    (frozenset({"CONTAINER", "IMAGE", "RUNTIME"}), _ctr_containers),
)
"""The headings that a table has at least, and how a row of it is read."""


class _Table(NamedTuple):
    names: tuple[str, ...]
    begins: tuple[int, ...]
    tells: Callable[[Cells], Document | None]

    def cells(self, line: str) -> Cells:
        """ValueError: they do not stand under their headings."""
        if any(begin and line[begin - 1 : begin].strip() for begin in self.begins):
            raise ValueError("not under the columns of the header")
        ends = (*self.begins[1:], None)
        return {name: line[begin:end].strip() for name, begin, end in zip(self.names, self.begins, ends, strict=True)}


def _table(line: str) -> _Table | None:
    """What a header says; None: it is none of these tables."""
    if not _HEAD.match(line):
        return None
    found = list(re.finditer(r"\S+(?: \S+)*", line))
    names = tuple(cell[0] for cell in found)
    tells = next((tells for needed, tells in _TABLES if needed <= set(names)), None)
    return _Table(names, tuple(cell.start() for cell in found), tells) if tells and len(set(names)) == len(names) else None


class ContainerTables:
    """Tables of containers."""

    name = "container-table"
    family = "kubernetes"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """A header stands among the first lines."""
        lines = beginning(head)
        return any(_table(line) for line in lines[:_LEAD])

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        first, table = 0, None
        for lines in chunks(stream, _SIZE):
            rows: list[tuple[Any, ...]] = []
            rejects: list[Reject] = []
            for line, offset, raw in lines.filter(pl.col("raw").str.contains(r"\S")).iter_rows():
                table = (header := _table(raw)) or table
                if header is not None:
                    continue
                try:
                    told = _told(table, raw)
                except ValueError as error:
                    rejects.append(Reject(line, offset, str(error), raw))
                    continue
                if told is not None:
                    rows.append(row(line, offset, told))
            yield Batch(objects=frame(rows, first), rejects=reject_frame(rejects))
            first += len(rows)


def _told(table: _Table | None, line: str) -> Document | None:
    if table is None:
        raise ValueError("no header of a table before it")
    return table.tells(table.cells(line))


FORMAT = ContainerTables()
