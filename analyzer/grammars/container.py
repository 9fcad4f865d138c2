"""Whose words count in a container's log: anybody may write 'Started kubelet' or 'Recovery completed', but only a kubelet means it.

The controller-manager's and the scheduler's lines, and the events that they sent, are understood in any container's log: they name
what they speak of.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analyzer.grammars import kubelet
from analyzer.grammars.base import events_frame
from analyzer.grammars.relevance import Grammar, united

KUBELETS: Final = r"^(?:k8s_)?(?:kubelet|hyperkube|k3s|rke2)(?:-(?:server|agent|wrapper))?$|^(?:origin|atomic-openshift)-node$"
"""Containers that are a kubelet, by name: a kubelet-csr-approver is none."""


def understand(records: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
    """Records of containers to EVENTS (without source_id): what a kubelet says of itself and its pods, of kubelets alone.

    Of others the kubelet's rules leave what the node controller says of nodes.
    """
    events = kubelet.understand(records, batch)
    if events.is_empty():
        return events
    own = records.filter(pl.col("identifier").str.contains(KUBELETS).fill_null(False))["record"]
    return events.filter((pl.col("component") != "kubelet") | pl.col("record").is_in(own.implode()))


GRAMMAR = Grammar(understand, kubelet.GRAMMAR.literals, kubelet.GRAMMAR.others)


def parted(of_hosts: Sequence[Grammar], of_containers: Sequence[Grammar]) -> Grammar:
    """Of exports, which hold both: what the host's services wrote is read as their journal is, all else as what a container wrote."""

    def understand_both(records: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
        contained = pl.col("fields").str.contains('"k8s_container_name":', literal=True).fill_null(False)
        host = pl.any_horizontal(pl.col("unit", "identifier").is_not_null()) & ~contained
        parts = [
            grammar.understand(records.filter(part), batch.filter(part))
            for grammars, part in ((of_hosts, host), (of_containers, ~host))
            for grammar in grammars
        ]
        return pl.concat([events_frame([]), *parts]).sort("record", maintain_order=True)

    return united((*of_hosts, *of_containers), understand_both)
