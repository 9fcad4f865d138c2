"""What a report's picture is drawn from, read back from its page."""

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

_TYPES = {"int": "<i4", "byte": "u1", "time": "<i4"}


@dataclass
class Model:
    """``header``, and each column as a list; times as microseconds since 1970, None: nothing tells."""

    header: dict[str, Any]
    columns: dict[str, list[Any]]

    def say(self, column: str) -> list[str | None]:
        return [None if at < 0 else self.header["strings"][at] for at in self.columns[column]]

    def rows(self, first: str, number: int) -> range:
        return range(self.columns[first][number], self.columns[first][number + 1])

    def look(self, column: str) -> list[str]:
        return [self.header["states"][at] for at in self.columns[column]]


def unpack(text: str) -> Model:
    raw = zlib.decompress(base64.b64decode(text, validate=True))
    size = int.from_bytes(raw[:8], "little")
    header = orjson.loads(raw[8 : 8 + size])
    found: dict[str, list[Any]] = {}
    for name, (kind, offset, length, stepped) in header.pop("columns").items():
        values = np.frombuffer(raw, _TYPES[kind], length, 8 + size + offset)
        found[name] = (np.cumsum(values, dtype=values.dtype) if stepped else values).tolist()
        found[f"{name}:kind"] = [kind]
    steps = [(high << 32) + (low & 0xFFFFFFFF) for low, high in zip(found["$low"], found["$high"], strict=True)]
    times = (np.cumsum([header["origin"], *steps])[1:]).tolist() if steps else []
    for name, kind in [(n.removesuffix(":kind"), k[0]) for n, k in found.items() if n.endswith(":kind")]:
        if kind == "time":
            found[name] = [None if at < 0 else times[at] for at in found[name]]
    return Model(header, {name: values for name, values in found.items() if not name.endswith(":kind")})
