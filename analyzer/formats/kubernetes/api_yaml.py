"""Kubernetes API objects in YAML: ``kubectl get -o yaml`` (also ``-w``), must-gather, manifests.

The text is cut into documents and the items of lists before it is parsed, so that each object has its line, damage costs one object, and
memory is bounded by the longest.
Scalars follow YAML 1.2: times, ``yes`` and numbers with leading zeros stay strings, as what Kubernetes wrote means them to be.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import ryaml

from analyzer.formats.base import CHUNK, HEAD, Batch, ReadContext
from analyzer.formats.kubernetes.api_objects import Collector, Listed, says_its_kind
from analyzer.formats.kubernetes.yaml_pieces import Piece, pieces
from analyzer.formats.lines import BOM
from analyzer.formats.tables import Reject
from analyzer.formats.times import rereadable
from analyzer.vocabulary import TEXT_LIMIT

_SIGNIFICANT: Final = re.compile(r"^(?!\s*(?:#|$)|---).+", re.MULTILINE)
_LEGAL: Final = re.compile(r"[A-Za-z]\w*:(?:\s|$)|- |[ }\])]|#|---|\.\.\.")
"""How a line of an object in block style may begin."""

_DEEPEST: Final = 5000  # the parser needs time with the square of the depth before it gives up


class ApiYaml:
    """YAML of the Kubernetes API."""

    name = "kubernetes-yaml"
    family = "kubernetes"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """The first document has the outer keys of an API object or list, and nothing but block-style YAML in its first column."""
        text = head.removeprefix(BOM).decode(errors="replace").replace("\r\n", "\n")
        lines = _SIGNIFICANT.findall(text)
        lines = lines[:-1] if len(head) >= HEAD else lines
        document = re.split(r"^---", text.lstrip().removeprefix("---"), maxsplit=1, flags=re.MULTILINE)[0]
        keys = set(re.findall(r"^([A-Za-z]\w*):", document, re.MULTILINE))
        version = re.search(r"^(?:  |- )?apiVersion: *[\"']?(?!audit\.)[\w.]+(?:/\w+)?[\"']?\s*$", document, re.MULTILINE)
        if version is None or not all(_LEGAL.match(line) for line in lines):
            return False
        shape = keys & {"items", "metadata"} or {"object", "type"} <= keys or lines[0].startswith("- apiVersion:")
        return bool(shape) or (len(head) >= HEAD and lines[0].startswith(("apiVersion:", "object:")))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        collector = Collector(CHUNK)
        with rereadable(stream) as seekable:
            for piece in pieces(seekable):
                if isinstance(piece, Reject):
                    collector.reject(piece)
                else:
                    _add(piece, collector)
                if collector.full:
                    yield collector.flush()
        yield collector.flush()


def _add(piece: Piece, collector: Collector) -> None:
    text = piece.text.decode(errors="replace")
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        collector.reject(Reject(piece.line, piece.offset, f"broken YAML: {error}".splitlines()[0], text))
        return
    if content is not None:
        collector.add(piece.line, piece.offset, content, text[:TEXT_LIMIT], Listed() if says_its_kind(content) else piece.of())


def parse(text: str) -> Any:
    """An item is a sequence of one. ValueError: broken."""
    if _depth(text) > _DEEPEST:
        raise ValueError("nested too deeply")
    content = ryaml.loads(text)  # type: ignore[attr-defined]  # its stub does not export it
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _depth(text: str) -> int:
    """How deep brackets are nested at most, roughly: those in strings count as well."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return 0
    codes = np.frombuffer(text.encode(), np.uint8) | 32  # [ and {, ] and } differ in this bit only
    return int(np.cumsum((codes == ord("{")).astype(np.int32) - (codes == ord("}"))).max())


FORMAT = ApiYaml()
