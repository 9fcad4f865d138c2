"""Whatever happens, findings are what truly ran: random incidents, in the logs of the generations that tell of deletions."""

from pathlib import Path

import pytest

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.dialects_old import Kubernetes11
from tests.lifecycle.fate import Fate
from tests.lifecycle.incident import A, B
from tests.lifecycle.truth import right


@pytest.mark.parametrize("generation", [Dockershim, Containerd, Kubernetes11], ids=lambda g: g.dialect)
@pytest.mark.parametrize("seed", range(8))
def test_random_happenings(generation: type[Cluster], seed: int, tmp_path: Path) -> None:
    cluster = generation()
    cluster.begin(A, B)
    Fate(cluster, seed).run(4)
    right(cluster, tmp_path, slack=0.4)  # what was asked for is told by what is made
