"""The API's ``Table`` (meta.k8s.io, since 1.10), what ``kubectl get`` asks for: cells to print, and metadata of the object of each row.

The cells hold ages, which count back from a moment that is not told; the metadata hold times. So an event's row becomes
the event that it was made of, with the time of its making, and a pod's row the pod, as far as that goes.
"""

from collections.abc import Iterator
from typing import Any

from analyzer.formats.kubernetes.event_names import kind_written
from analyzer.formats.kubernetes.table_kinds import kind_of, kind_of_row


def is_table(content: dict[str, Any]) -> bool:
    """Whether a document is a Table with rows."""
    version = content.get("apiVersion")
    return content.get("kind") == "Table" and isinstance(version, str) and version.startswith("meta.k8s.io/")


def documents(content: dict[str, Any]) -> Iterator[dict[str, Any] | str]:
    """The object of each row, or why there is none."""
    columns = [str(c.get("name", "")).upper() for c in content.get("columnDefinitions") or [] if isinstance(c, dict)]
    for row in content.get("rows") or []:
        if not isinstance(row, dict) or not isinstance(row.get("cells"), list):
            yield "no row of a Table"
            continue
        whole = row["object"] if isinstance(row.get("object"), dict) else {}
        if whole.get("kind") not in (None, "PartialObjectMetadata"):
            yield whole
            continue
        told = whole["metadata"] if isinstance(whole.get("metadata"), dict) else {}
        metadata = {key: value for key, value in told.items() if key != "resourceVersion"}  # the whole object of that version tells more
        cells = dict(zip(columns, row["cells"], strict=False))
        kind, name = kind_of_row(kind_of(columns) or "?", str(cells.get("NAME", "")), str(cells.get("STATUS", "")))
        if kind == "Event":
            yield _event(cells, metadata)
        elif kind == "?":
            yield "a row of a Table of unknown kind"
        else:
            node = cells.get("NODE")
            spec = {"nodeName": node} if kind == "Pod" and isinstance(node, str) and node not in ("", "<none>") else {}
            yield {"kind": kind, "apiVersion": "v1", "metadata": {"name": name, **metadata}, "spec": spec}


def _event(cells: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    def text(column: str) -> str | None:
        value = cells.get(column)
        return value if isinstance(value, str) and value else None

    kind, _, name = (text("OBJECT") or "").partition("/")
    component, _, host = (text("SOURCE") or "").partition(", ")
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": metadata,
        "involvedObject": {
            "kind": kind_written(kind),
            "name": name,
            "namespace": metadata.get("namespace"),
            "fieldPath": text("SUBOBJECT"),
        },
        "reason": text("REASON"),
        "message": text("MESSAGE"),
        "type": text("TYPE"),
        "source": {"component": component or None, "host": host or None},
    }
