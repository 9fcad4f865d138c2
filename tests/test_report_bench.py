"""What bench/report measures is an incident indeed."""

import struct
import zlib

import numpy as np

from analyzer.outputs.report import render
from bench.report.made_up import incident
from bench.report.png import encode


def test_a_made_up_incident_has_findings_of_the_main_kinds() -> None:
    analysis = incident(600)
    assert {"kubelet-outage", "orphaned-container", "adoption", "overshoot-window"} <= {str(f.kind) for f in analysis.findings}
    assert sum(len(p.apps) for p in analysis.life.pods) == 600
    assert render(analysis, title="t", command=None) == render(incident(600), title="t", command=None)


def test_pictures_with_a_palette() -> None:
    """Few colours are kept as they are; of many, each becomes one that is near."""
    rng = np.random.default_rng(1)
    few = rng.integers(0, 256, (5, 3), dtype=np.uint8)[rng.integers(0, 5, (7, 9))]
    assert np.array_equal(decoded(encode(few)), few)
    many = np.stack(np.meshgrid(np.arange(200), np.arange(200), [7]), axis=-1)[:, :, 0].astype(np.uint8)
    assert len(np.unique(decoded(encode(many)).reshape(-1, 3), axis=0)) == 256


def decoded(png: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Of PNG what ``encode`` writes: a palette, rows without filters."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    parts, at = {}, 8
    while at < len(png):
        (size,), name = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        parts[name] = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size]) == (zlib.crc32(name + parts[name]),)
        at += 12 + size
    width, height, *kind = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert kind == [8, 3, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)[rows[:, 1:]]
