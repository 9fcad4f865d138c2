"""What the kubelet says, in all renderings from 0.4 to 1.28, and what each line proves: the rules, and whose lines they are tried on.

Absence of a line proves nothing unless others of its verbosity are there.
"""

import polars as pl

from analyzer.grammars import kubelet_cleanup, kubelet_containers, kubelet_node, kubelet_pods, kubelet_process
from analyzer.grammars.base import Rule
from analyzer.grammars.klog_rules import KlogRule, Rulebook, structured, text, understand_klog
from analyzer.grammars.relevance import Grammar, Seen
from analyzer.grammars.writers import CONTROLLERS_FILE, is_kubelet, shown

__all__ = ["RULES", "KlogRule", "Rulebook", "structured", "text", "understand", "understand_klog"]

_OWN: tuple[KlogRule, ...] = (
    *kubelet_process.RULES,
    *kubelet_pods.RULES,
    *kubelet_containers.RULES,
    *kubelet_cleanup.RULES,
    *kubelet_node.RULES,
    kubelet_node.STATUS_CHANGE,
)
_ANY_PROGRAM: tuple[KlogRule, ...] = (*kubelet_process.ANY_PROGRAM, *kubelet_node.ANY_PROGRAM)
_CONTROLLERS: tuple[KlogRule, ...] = (kubelet_node.STATUS_CHANGE,)
_FATAL: tuple[KlogRule, ...] = (Rule("] ", kubelet_process.fatal),)
_FATAL_LINE = r"^F[0-9]{4} [0-9]{2}:"
RULES: tuple[KlogRule, ...] = (*_OWN, *_ANY_PROGRAM, *_FATAL)
_SURE, _PERHAPS, _OTHERS, _LAST_WORDS = Rulebook((*_OWN, *_ANY_PROGRAM)), Rulebook(_OWN), Rulebook(_CONTROLLERS), Rulebook(_FATAL)


def understand(records: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a kubelet's klog line to EVENTS (without source_id).

    What every program of Kubernetes says is taken only of one that surely is a kubelet, the rest also of one that may be.
    """
    message = pl.col("message")
    chosen = records.with_columns(pl.when(message.str.contains(CONTROLLERS_FILE)).then(False).otherwise(is_kubelet()).alias("kubelet"))
    unknown = chosen.filter(pl.col("kubelet").is_null())["identifier"].unique().to_list()
    if unknown:
        kubelets, cadvisors = shown(batch, unknown)
        told = pl.when(_written_by(kubelets)).then(True).when(_written_by(cadvisors)).then(False)
        chosen = chosen.with_columns(pl.coalesce("kubelet", told))
    sure = chosen.filter(pl.col("kubelet"))
    parts = [
        understand_klog(sure, _SURE, "kubelet"),
        understand_klog(chosen.filter(pl.col("kubelet").is_null()), _PERHAPS, "kubelet"),
        understand_klog(chosen.filter(~pl.col("kubelet")), _OTHERS, "kubelet"),
    ]
    fatal = understand_klog(sure.filter(message.str.contains(_FATAL_LINE)), _LAST_WORDS, "kubelet")
    parts.append(fatal.join(parts[0], on="record", how="anti"))
    return pl.concat(parts).sort("record", maintain_order=True)


def _last_words(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(_FATAL_LINE).fill_null(False)


GRAMMAR = Grammar(understand, _SURE.literals, _last_words)


def _written_by(identifiers: set[str | None]) -> pl.Expr:
    return pl.col("identifier").is_in(list(identifiers), nulls_equal=True)
