"""What the kubelet says, in all renderings from 0.4 to 1.28, and what each line proves: the rules, and whose lines they are tried on.

Absence of a line proves nothing unless others of its verbosity are there.
"""

import polars as pl

from analyzer.few import kept, known
from analyzer.grammars import kubelet_cleanup, kubelet_containers, kubelet_node, kubelet_pods, kubelet_process
from analyzer.grammars.base import Rule, events_frame
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
    kubelet = _kubelets(records, batch)
    parts = [
        understand_klog(kept(records, mask), rules, "kubelet")
        for rules, spoken in ((_SURE, True), (_PERHAPS, None), (_OTHERS, False))
        if (mask := pl.Series([known is spoken for known in kubelet], dtype=pl.Boolean)).any()
    ]
    last = _last_words(Seen(records)) & pl.Series([known is True for known in kubelet], dtype=pl.Boolean)
    if last.any():
        fatal = understand_klog(kept(records, last), _LAST_WORDS, "kubelet")
        parts.append(fatal.join(parts[0], on="record", how="anti"))
    return parts[0] if len(parts) == 1 else pl.concat([events_frame([]), *parts]).sort("record", maintain_order=True)


def _kubelets(records: pl.DataFrame, batch: pl.DataFrame) -> list[bool | None]:
    """Of each record whether a kubelet wrote it; None: perhaps."""
    controllers = known(records["message"].str.contains(CONTROLLERS_FILE))
    names = records["identifier"].to_list()
    told = [False if other else is_kubelet(name, unit) for other, name, unit in zip(controllers, names, records["unit"], strict=True)]
    unknown = {name for name, kubelet in zip(names, told, strict=True) if kubelet is None}
    if not unknown:
        return told
    kubelets, cadvisors = shown(batch, list(unknown))
    seen = dict.fromkeys(unknown) | dict.fromkeys(cadvisors, False) | dict.fromkeys(kubelets, True)
    return [seen[name] if kubelet is None else kubelet for name, kubelet in zip(names, told, strict=True)]


def _last_words(seen: Seen) -> pl.Series:
    return known(seen.records["message"].str.contains(_FATAL_LINE))


GRAMMAR = Grammar(understand, _SURE.literals, _last_words)
