"""Whose node a source speaks of, where its records do not say it: by what it names, else by its folder.

Order: --node (as the ingest of the source had it); the record's own host field; the name under which the kubelet that wrote it
registered; container ids and pod uids that other evidence
ties to a node; the nearest parent folder that bears the name of a known node; the one host that other sources of the same bundle
name, where the bundle's layout says that it holds one node's evidence alone; the folder that the layout says is a node.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property

import polars as pl

from analyzer.evidence.layouts import Place, kind_nodes, place
from analyzer.store import Store, Writer
from analyzer.vocabulary import ATTRIBUTIONS, RUNTIME_STREAMS, SourceStatus

_LARGE = frozenset({"events", "records", "objects", "rejects"})
_TIED_BY = ("kubelet", "api")  # components whose 'node' column ties pods and containers to a node

_REGISTERING = (pl.col("component") == "kubelet") & pl.col("attributes").str.contains('"node_name"', literal=True)
_NODE_NAME = pl.col("attributes").str.json_path_match("$.node_name")


def attribute(store: Store, stated: Mapping[str, str]) -> pl.DataFrame:
    """ATTRIBUTIONS: one row for each source that was read and whose node could be decided.

    ``stated``: nodes that the user names now, by source_id; what was named for others before holds on.
    """
    former = store.table("attributions").filter(pl.col("how") == "option")
    options = {**dict(former.select("source_id", "node").iter_rows()), **stated}
    sources = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ)).sort("source")
    votes = _votes(store) | _registered(store)
    nodes = known_nodes(store)
    places = _places(sources)
    hosts = _hosts(sources, places)
    rows = []
    for row in sources.iter_rows(named=True):
        here = places.get(row["source_id"])
        told = (hosts.get(here.bundle or ""), here.node) if here else (None, None)
        node, how = _decide(row, options.get(row["source_id"]), votes.get(row["source_id"]), nodes, *told)
        if node:
            rows.append({"source_id": row["source_id"], "node": node, "how": how})
    return pl.DataFrame(rows, schema=ATTRIBUTIONS)


def _registered(store: Store) -> dict[str, tuple[str, str]]:
    """By source: the node as which the kubelet that wrote it registered, if it names but one."""
    own = (
        store.scan("events")
        .filter(_REGISTERING)
        .select("source_id", "attributes")
        .collect()
        .select("source_id", name=_NODE_NAME)
        .drop_nulls()
        .unique()
    )
    return {source_id: (name, "kubelet") for source_id, name in own.filter(pl.len().over("source_id") == 1).iter_rows()}


def _places(sources: pl.DataFrame) -> dict[str, Place]:
    """By source_id, where its place in a bundle tells something."""
    names = list(sources.select("source_id", "source", "root").iter_rows())
    kinds = kind_nodes((name, root or "") for _, name, root in names)
    found = ((source_id, place(name, root or "", kinds)) for source_id, name, root in names)
    return {source_id: here for source_id, here in found if here is not None}


def _hosts(sources: pl.DataFrame, places: Mapping[str, Place]) -> dict[str, str]:
    """By bundle of one node: the host that its sources name, if they name but one."""
    named: dict[str, set[str]] = {}
    for source_id, host in sources.select("source_id", "node").drop_nulls().iter_rows():
        bundle = places[source_id].bundle if source_id in places else None
        if bundle:
            named.setdefault(bundle, set()).add(host)
    return {bundle: next(iter(hosts)) for bundle, hosts in named.items() if len(hosts) == 1}


def _decide(
    row: dict[str, str | None],
    option: str | None,
    vote: tuple[str, str] | None,
    nodes: set[str],
    bundle_host: str | None,
    layout_node: str | None,
) -> tuple[str | None, str]:
    if option:
        return option, "option"
    if row["node"]:
        return row["node"], "host field"
    if vote:
        return vote
    folders = [row["root"] or "", *(row["source"] or "").split("/")[:-1]]
    folder = next((f for f in reversed(folders) if f in nodes), None)
    if folder:
        return folder, "folder"
    return (bundle_host, "bundle") if bundle_host else (layout_node, "layout")


class Reading:
    """A store as one analysis reads it: what does not change meanwhile is read once, the small tables and the aliases."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, pl.DataFrame] = {}

    def writer(self, source_id: str) -> Writer:
        return self._store.writer(source_id)

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        self._store.settle(name, make)

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        return self._store.mend(source_ids)

    def scan(self, name: str) -> pl.LazyFrame:
        return self._store.scan(name)

    def table(self, name: str) -> pl.DataFrame:
        if name in _LARGE:
            return self._store.table(name)
        if name not in self._known:
            self._known[name] = self._store.table(name)
        return self._known[name]

    @cached_property
    def aliases(self) -> dict[str, str]:
        return _aliases(self._store)


def aliases(store: Store) -> dict[str, str]:
    """Host name to node name, where a kubelet's journal says under which name it registered (cloud hosts: without the domain)."""
    return store.aliases if isinstance(store, Reading) else _aliases(store)


def _aliases(store: Store) -> dict[str, str]:
    named = (
        store.scan("events")
        .filter(_REGISTERING & pl.col("node").is_not_null())
        .select("node", "attributes")
        .collect()
        .select("node", name=_NODE_NAME)
        .drop_nulls()
    )
    counted = named.group_by("node", "name").len().sort("node", "len", "name").unique("node", keep="last", maintain_order=True)
    return {host: name for host, name, _ in counted.iter_rows() if host != name}


def with_nodes(frame: pl.DataFrame, store: Store, own: pl.Expr) -> pl.DataFrame:
    """``node`` filled in and settled: what the user named goes first, then what the record says, then the source's attribution;
    hosts become the nodes as which they registered. ``own``: rows whose node is that of their source (others speak of any node)."""
    told = store.table("attributions").select("source_id", pl.col("node").alias("source_node"), (pl.col("how") == "option").alias("stated"))
    first = pl.when(pl.col("stated")).then("source_node").otherwise(pl.coalesce("node", "source_node"))
    named = pl.when(own).then(first).otherwise(pl.col("node")).replace(aliases(store))
    return frame.join(told, on="source_id", how="left").with_columns(named.alias("node")).drop("source_node", "stated")


def known_nodes(store: Store) -> set[str]:
    """Names of nodes that the evidence itself bears."""
    names = set(store.scan("events").select("node").unique().collect()["node"].drop_nulls())
    names |= set(store.table("sources")["node"].drop_nulls().unique().to_list())
    return names | set(store.scan("objects").filter(pl.col("kind") == "Node").select("name").unique().collect()["name"].drop_nulls())


def _votes(store: Store) -> dict[str, tuple[str, str]]:
    """By source without a host of its own: the node to which most of what it names is tied, and by what."""
    silent = store.scan("events").filter(pl.col("node").is_null() & pl.col("component").is_in(RUNTIME_STREAMS))
    named = silent.select("source_id", "k8s_pod_uid", "container_id").unique().collect(engine="streaming")  # the same ten times
    found: dict[str, tuple[str, str]] = {}
    if named.is_empty():
        return found
    ties = _ties(store, pl.concat([named["k8s_pod_uid"], named["container_id"]]).drop_nulls().unique().to_frame("key"))
    for column, how in (("k8s_pod_uid", "pods"), ("container_id", "containers")):
        tally = (
            named.select("source_id", pl.col(column).alias("key"))
            .drop_nulls()
            .unique()
            .join(ties, on="key")
            .group_by("source_id", "node")
            .len()
            .sort(["source_id", "len", "node"], descending=[False, True, False])
            .unique("source_id", keep="first", maintain_order=True)
        )
        found |= {row["source_id"]: (row["node"], how) for row in tally.iter_rows(named=True)}
    return found


def _ties(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """(key, node): of some pod uids and container ids, as far as it is known, where they ran."""
    tied = store.scan("events").filter(pl.col("component").is_in(_TIED_BY) & pl.col("node").is_not_null())
    told = store.scan("objects").filter(pl.col("kind") == "Pod").select("document", key="uid")
    of_keys = [
        some.join(keys.lazy(), on="key", how="semi").collect(engine="streaming")
        for some in (tied.select("node", key="k8s_pod_uid"), tied.select("node", key="container_id"), told)
    ]
    pods = of_keys[2].select(node=pl.col("document").str.json_path_match("$.spec.nodeName"), key="key")
    return pl.concat([*of_keys[:2], pods]).drop_nulls().unique()
