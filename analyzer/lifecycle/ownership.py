"""Whose pods are: by what tells who made them, else by their names."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import polars as pl

from analyzer.lifecycle.event_table import Rows
from analyzer.lifecycle.plain_pods import PlainPods
from analyzer.lifecycle.pod import Pod
from analyzer.lifecycle.pod_list import Pods
from analyzer.store.spilled import stretches

_SUFFIXED: Final = r"(.+)-[0-9a-z]{5}"
_COUNTED: Final = r"(.+)-[0-9]+"
_HASHED: Final = re.compile(r"(?P<deployment>.+)-[0-9a-z]{8,10}")


def alike(pods: Pods) -> Iterator[tuple[Rows, Pod]]:
    """Numbers of pods that have the same owner, as far as ``owner_of`` sees, and one of them."""
    yield from ((np.array([number]), pod) for number, pod in zip(pods.made.numbers.tolist(), pods.made, strict=True))
    plain, numbers = pods.plain, pods.plain_numbers
    for here in stretches(len(numbers)):
        for some in _by_name(plain, numbers[here]):
            first = int(some[0])
            namespace, name, uid = plain.names.row(first)
            yield some + pods.first_plain, Pod(namespace, name, uid, owner=plain.owner(first), static=bool(plain.static[first]))


def _by_name(plain: PlainPods, numbers: Rows) -> Iterator[Rows]:
    name = pl.col("name")
    told = plain.names[numbers].select("namespace", stem=name.str.extract(f"^{_SUFFIXED}$"), counted=name.str.extract(f"^{_COUNTED}$"))
    told = told.with_columns(maker=plain.maker[numbers], static=plain.static[numbers], number=numbers)
    grouped = told.group_by("namespace", "stem", "counted", "maker", "static", maintain_order=True).agg("number")
    return (some.to_numpy() for some in grouped["number"])


def makers(pods: Pods) -> list[tuple[str | None, tuple[str, str]]]:
    """(namespace, (KIND, name)) of those of which it is told who made them, in the order of the pods, at least once each."""
    found = [((pod.namespace or "", pod.name or ""), pod.namespace, pod.owner) for pod in pods.made]
    plain, numbers = pods.plain, pods.plain_numbers[pods.plain.maker[pods.plain_numbers] >= 0]
    if len(numbers):
        told = plain.names.select("namespace", "name")[numbers].with_columns(maker=plain.maker[numbers], number=numbers)
        first = told.group_by("namespace", "maker").agg(pl.col("name").min(), pl.col("number").first())
        found += [((namespace, name), namespace, plain.owner(number)) for namespace, _, name, number in first.iter_rows()]
        found.sort(key=lambda one: one[0])
    return [(namespace, owner) for _, namespace, owner in found if owner is not None]


def owner_of(pod: Pod, known: Mapping[tuple[str, str], str]) -> tuple[tuple[str, str] | None, bool]:
    """The pod's direct owner, and whether it was only inferred from names. ``known``: (namespace, name) to KIND of what makes pods."""
    if pod.static or pod.owner is not None or pod.name is None:
        return None if pod.static else pod.owner, False
    suffixed = re.fullmatch(_SUFFIXED, pod.name)
    for match in (suffixed, re.fullmatch(_COUNTED, pod.name)):
        kind = known.get((pod.namespace or "default", match[1])) if match else None
        if match and kind:
            return (kind, match[1]), True
    if suffixed is None:
        return None, False
    by_set = deployment(suffixed[1]) is not None and _is_hash(suffixed[1])
    return ("ReplicaSet" if by_set else "ReplicationController", suffixed[1]), True


def deployment(replica_set: str) -> str | None:
    """What a replica set's name tells of the deployment that made it."""
    match = _HASHED.fullmatch(replica_set)
    return match["deployment"] if match else None


def _is_hash(name: str) -> bool:
    """pod-template-hash: 8 to 10 of decimal digits or of the API's safe alphabet (no vowels, since 1.9)."""
    tail = name.rsplit("-", 1)[-1]
    return bool(re.fullmatch(r"[0-9]{6,10}|[bcdfghjklmnpqrstvwxz2456789]{8,10}", tail)) or (bool(re.fullmatch(r"[0-9a-f]{8,10}", tail)))
