"""Whose words count in a container's log: anybody may write 'Started kubelet' or 'Recovery completed', but only a kubelet means it.

The controller-manager's and the scheduler's lines, and the events that they sent, are understood in any container's log: they name
what they speak of.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analyzer.few import kept, known
from analyzer.grammars import kubelet
from analyzer.grammars.base import events_frame
from analyzer.grammars.relevance import Grammar, asked, united

KUBELETS: Final = r"^(?:k8s_)?(?:kubelet|hyperkube|k3s|rke2)(?:-(?:server|agent|wrapper))?$|^(?:origin|atomic-openshift)-node$"
"""Containers that are a kubelet, by name: a kubelet-csr-approver is none."""


def understand(records: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
    """Records of containers to EVENTS (without source_id): what a kubelet says of itself and its pods, of kubelets alone.

    Of others the kubelet's rules leave what the node controller says of nodes.
    """
    events = kubelet.understand(records, batch)
    if events.is_empty():
        return events
    own = records["record"].filter(records["identifier"].str.contains(KUBELETS))
    return kept(events, (events["component"] != "kubelet") | events["record"].is_in(own.implode()))


GRAMMAR = Grammar(understand, kubelet.GRAMMAR.literals, kubelet.GRAMMAR.others)


def parted(of_hosts: Sequence[Grammar], of_containers: Sequence[Grammar]) -> Grammar:
    """Of exports, which hold both: what the host's services wrote is read as their journal is, all else as what a container wrote."""

    def understand_both(records: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
        said, all_of = _of_host(records), _of_host(batch)
        parts = [events_frame([])]
        for grammars, chosen, whole in ((of_hosts, said, all_of), (of_containers, ~said, ~all_of)):
            if chosen.any():
                own, beside = kept(records, chosen), kept(batch, whole)
                parts += [grammar.understand(own, beside) for grammar in asked(own, grammars)]
        return pl.concat(parts).sort("record", maintain_order=True)

    return united((*of_hosts, *of_containers), understand_both)


def _of_host(records: pl.DataFrame) -> pl.Series:
    contained = known(records["fields"].str.contains('"k8s_container_name":', literal=True))
    return (records["unit"].is_not_null() | records["identifier"].is_not_null()) & ~contained
