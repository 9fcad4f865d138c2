"""The kube-scheduler's log: where it put pods, and where it could not (0.8 to date)."""

from typing import Final

import polars as pl

from analyzer.grammars.facts import fact
from analyzer.grammars.kubelet import KlogRule, Rulebook, understand_klog
from analyzer.grammars.relevance import Grammar, alone
from analyzer.grammars.writers import spoken_by
from analyzer.vocabulary import EventKind as E

_POD: Final = r'"?(?:(?P<ns>[^\s/"]+)[/ ])?(?P<pod>[^\s/:"]+?)"?'
_NODE: Final = r'"?(?P<node>[^\s",]+)"?'
RULES: tuple[KlogRule, ...] = (
    fact(
        E.POD_SCHEDULED,
        "bound successfully on node",
        rf"pod {_POD} is bound successfully on node {_NODE}"
        r"(?:, (?P<evaluated>\d+) nodes evaluated, (?P<feasible>\d+) nodes were found feasible)?",
    ),  # 1.13 to 1.18
    fact(
        E.POD_SCHEDULED,
        "Successfully bound pod to node",
        r"Successfully bound pod to node",
        keys=("evaluatedNodes:evaluated", "feasibleNodes:feasible"),
    ),
    fact(E.POD_SCHEDULING, "Attempting to schedule", rf"Attempting to schedule(?: pod)?: {_POD}", r"Attempting to schedule pod"),
    fact(
        E.POD_SCHEDULING,
        "Attempting to schedule",
        r"Attempting to schedule: &\{TypeMeta:.*?Meta:\{Name:(?P<pod>\S+).*?Namespace:(?P<ns>\S*).*",
    ),
    fact(E.POD_SCHEDULING, "Attempting to schedule", r"Attempting to schedule: &\{\{[^}]*\} \{(?P<pod>\S+).*"),
    fact(E.POD_SCHEDULING, "About to try and schedule pod", rf"About to try and schedule pod {_POD}", r"About to try and schedule pod"),
    fact(
        E.POD_SCHEDULING,
        "Attempting to bind",
        r"Attempting to bind pod to node",
        rf"Attempting to bind {_POD} to {_NODE}",
    ),
    fact(
        E.POD_SCHEDULE_FAILED,
        "Unable to schedule",
        rf"Unable to schedule {_POD}: (?P<why>.*?); waiting",
        r"Unable to schedule pod(?:;|, possibly due to) (?P<why>.*?); waiting",
        keys=("err",),
    ),
    fact(E.POD_SCHEDULE_FAILED, "Failed to schedule", rf"Failed to schedule(?: pod)?: {_POD}"),
    fact(
        E.POD_SCHEDULE_FAILED,
        "Failed to schedule",
        r"Failed to schedule: &\{TypeMeta:.*?Meta:\{Name:(?P<pod>\S+).*?Namespace:(?P<ns>\S*).*",
    ),
    fact(E.POD_SCHEDULE_FAILED, "Failed to schedule", r"Failed to schedule: &\{\{[^}]*\} \{(?P<pod>\S+).*"),
    fact(E.POD_SCHEDULE_FAILED, "Failed to bind pod", rf"Failed to bind pod: {_POD}", r"Failed to bind pod", keys=("err",)),
    fact(
        E.POD_SCHEDULE_FAILED,
        "Error scheduling",
        rf"Error scheduling {_POD}: (?P<why>.*?); retrying",
        r"Error scheduling pod; retrying",
        keys=("err",),
    ),
    fact(E.POD_SCHEDULE_FAILED, "Error selecting node for pod", r"Error selecting node for pod", keys=("err",)),
    fact(E.POD_QUEUED, "event for unscheduled pod", rf"[Aa]dd event for unscheduled pod(?: {_POD})?"),
    fact(E.POD_GONE, "elete event for scheduled pod", rf"[Dd]elete event for scheduled pod(?: {_POD})?"),
    fact(E.NODE_REMOVED_AT_CONTROLLER, "elete event for node", rf"[Dd]elete event for node(?: {_NODE})?"),
)
_RULES = Rulebook(RULES)


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id)."""
    return understand_klog(spoken_by("scheduler", records), _RULES, "scheduler")


GRAMMAR = Grammar(alone(understand), _RULES.literals)
