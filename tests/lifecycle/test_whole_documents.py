"""All that is said of some random incidents, to the last word: what a change of the analysis changes shows here.

The other tests hold findings against what truly happened; here stand their bounds, details, proofs, coverage and story, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.dialects_old import Kubernetes10, Kubernetes11
from tests.lifecycle.fate import Fate
from tests.lifecycle.incident import A, B
from tests.outputs.golden_text import agrees

_EDGES = ("start", "end", "start_bounds", "end_bounds")
_APART = frozenset({*_EDGES, "id", "kind", "severity", "confidence", "expected", "summary", "details", "evidence"})


@pytest.mark.parametrize("generation", [Kubernetes10, Kubernetes11, Dockershim, Containerd], ids=lambda g: g.dialect)
@pytest.mark.parametrize(("seed", "api"), [(101, True), (102, True), (103, False), (104, False)])
def test_what_is_said(generation: type[Cluster], seed: int, api: bool, tmp_path: Path) -> None:
    cluster = generation()
    cluster.begin(A, B)
    Fate(cluster, seed).run(3)
    agrees(
        f"{cluster.dialect}-{seed}-{'api' if api else 'no-api'}",
        shown(cluster.analyze(tmp_path, api=api).document()),
        Path(__file__).with_name("golden"),
    )


def shown(document: dict[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield f"evidence {_flat(document['evidence'])}"
    yield from (f"coverage {_flat(each)}" for each in document["coverage"])
    yield from (f"clock {_flat(each)}" for each in document["clocks"])
    yield from (f"story {each}" for each in document["story"])
    for finding in document["findings"]:
        yield ""
        yield " ".join([finding["kind"], finding["severity"], finding["confidence"], *(["expected"] if finding["expected"] else [])])
        yield f"  {_flat({name: finding[name] for name in _EDGES})}"
        yield f"  {_flat({name: value for name, value in finding.items() if name not in _APART and value is not None})}"
        yield f"  {finding['summary']}"
        yield from (f"  {name}: {_flat(value)}" for name, value in sorted(finding["details"].items()))
        yield from (f"  {proof['source']}:{proof['line']} {proof['time']} {proof['proves']}" for proof in finding["evidence"])


def _flat(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
