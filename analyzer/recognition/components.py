"""Which of the components that we know wrote a record, whether it could be read, and where in their source it comes from.

All in bulk: expressions over a batch of records.
"""

import re
from collections.abc import Callable
from functools import cache

import polars as pl

from analyzer.grammars.klog import BULK_HEADER
from analyzer.grammars.systemd import KUBELET_UNIT, RUNTIME_UNIT

KUBELET, CONTROLLERS, SCHEDULER, SYSTEMD = "kubelet", "kube-controller-manager", "kube-scheduler", "systemd"
RUNTIMES = ("dockerd", "containerd", "crio")
NAMELESS = "klog"
"""Lines with a klog header in a source that names no writer: its source files tell the component, where they do."""

_WRITERS = (  # by syslog identifier; snaps and wrappers put words before it
    (
        KUBELET,
        re.compile(
            r"(?:.*[./-])?(?:kubelet(?:-wrapper|\.sh)?|kubelite|hyperkube|k3s(?:-agent|-server)?|rke2(?:-agent|-server)?|(?:atomic-openshift|origin)-node)"
        ),
    ),
    (CONTROLLERS, re.compile(r"(?:.*[./-])?kube-controller(?:-manager|s)")),
    (SCHEDULER, re.compile(r"(?:.*[./-])?kube-scheduler")),
    ("dockerd", re.compile(r"(?:.*[./-])?dockerd?(?:-current)?")),
    ("containerd", re.compile(r"(?:.*[./-])?containerd")),
    ("crio", re.compile(r"(?:.*[./-])?cri-?o")),
    (SYSTEMD, re.compile(r"systemd|init")),
)
_OWN_FILES = {  # source files that no other program has; those of several (manager.go, controller.go) tell nothing
    KUBELET: re.compile(
        r"kubelet(?:_\w+)?\.go|pod_workers\.go|pod_container_deletor\.go|kuberuntime_\w+\.go|docker_sandbox\.go|dockertools\w*\.go"
        r"|desired_state_of_world_populator\.go|status_manager\.go|container_manager_linux\.go|prober_manager\.go|pod_startup_latency_tracker\.go"
    ),
    CONTROLLERS: re.compile(
        r"controllermanager\.go|replica_set\.go|replication_controller\.go|replication_manager\.go|node_?controller\.go|node_lifecycle_controller\.go"
        r"|taint_(?:manager|eviction)\.go|deployment_controller\.go|controller_utils\.go|garbagecollector\.go|range_allocator\.go|pvc_protection_controller\.go"
    ),
    SCHEDULER: re.compile(r"schedule(?:r|_one)\.go|generic_scheduler\.go|scheduling_queue\.go|eventhandlers\.go"),
}

_VALUE = r'(?:"(?:[^"\\]|\\.)*"|<\n(?:[ \t][^\n]*\n)*? >|&?\{.*?\}|\[[^\]]*\]|\S*)'
_KLOG = rf'(?s){BULK_HEADER}(?:$|[^"]|"(?:[^"\\]|\\.)*(?:"(?: [^\s="]+={_VALUE})*\s*$|"[^ ]|" [^=]*$))'
"""A header, and then free text, or a quoted text and nothing but key=value. A body that only begins with a quoted word is free text."""
_KLOG_JSON = r'^\{"ts":[0-9.]+,(?:.*?,)?"msg":"'
_LOGFMT = r'^time="?\d[^ ]* ?[^ ]* level=\w+ msg=(?:"(?:[^"\\]|\\.)*"|\S+)(?:\s|$)|^\{.*"level":".*"msg":"|^\{.*"msg":".*"level":"'
_VERB = r"(?:Starting|Started|Stopping|Stopped|Finished|Failed to start|Reloading|Reloaded|Condition check resulted in|Unit) "
_UNIT = r"\S+\.(?:service|mount|scope|slice|socket|target|timer|device)"
_SENTENCE = rf"^(?:{_VERB}|{_UNIT}: )"
_ABOUT = rf"^(?:{_VERB})?({_UNIT})[: ]"
_DESCRIBED = r"(?i)kubelet|docker application container engine|containerd container runtime|container runtime interface for oci"
_CONTINUED = r"^(?:[ \t]|$)"  # journald makes an entry of each line of a message of several

_STAMP = len("I0822 00:23:09.000001")
_VALUE_BEGINS = r"""(?s)[0-9"'=/{\[\\].*"""
_WORDS = r"""[^0-9"'=/{\[\\]{0,40}"""
_DIFFERING = r"""\S*[0-9"'\\/={}\[\]]\S*"""


@cache
def _writer(identifier: str | None) -> str | None:
    return next((name for name, pattern in _WRITERS if pattern.fullmatch(identifier or "")), None)


def of_files(files: set[str]) -> str | None:
    """The component whose source files these are."""
    return next((name for name, own in _OWN_FILES.items() if any(own.fullmatch(file) for file in files)), None)


def attributed(records: pl.DataFrame) -> pl.DataFrame:
    """The records of components that we know, with ``component``; continuations of a message of several lines left out."""
    known = {identifier: _writer(identifier) for identifier in records["identifier"].unique().to_list()}
    message, unit = pl.col("message"), pl.col("unit")
    named = pl.col("identifier").replace_strict(known, default=None, return_dtype=pl.String)
    klog = message.str.contains(BULK_HEADER) | message.str.contains(_KLOG_JSON)
    about = pl.coalesce(message.str.extract(_ABOUT), pl.when(unit != "init.scope").then(unit))
    units = f"{KUBELET_UNIT.pattern}|{RUNTIME_UNIT.pattern}"
    ours = pl.when(about.is_null()).then(message.str.contains(_DESCRIBED)).otherwise(about.str.contains(units))
    nameless = (
        pl.when(unit.str.contains(KUBELET_UNIT.pattern)).then(pl.lit(KUBELET)).when(pl.col("identifier").is_null()).then(pl.lit(NAMELESS))
    )
    rows = records.filter(message.is_not_null()).with_columns(named.alias("component"))
    parts = [
        rows.filter(pl.col("component") == SYSTEMD).filter(ours.fill_null(False)),
        rows.filter((pl.col("component") != SYSTEMD) & ~message.str.contains(_CONTINUED)),
        rows.filter(pl.col("component").is_null()).filter(klog).with_columns(nameless.alias("component")).drop_nulls("component"),
    ]
    return pl.concat(parts)


def form() -> pl.Expr:
    """How the line is written: klog, json, logfmt, systemd, bare (none of them)."""
    message, component = pl.col("message"), pl.col("component")
    runtime = component.is_in(RUNTIMES)
    return (
        pl.when(component == SYSTEMD)
        .then(pl.lit("systemd"))
        .when(message.str.contains(BULK_HEADER))  # a runtime's CNI plugins may use klog
        .then(pl.lit("klog"))
        .when(runtime & message.str.contains(_LOGFMT))
        .then(pl.lit("logfmt"))
        .when(~runtime & message.str.contains(_KLOG_JSON))
        .then(pl.lit("json"))
        .otherwise(pl.lit("bare"))
    )


def parsed() -> pl.Expr:
    """Whether time, severity, source file and key=values of the line (of ``form``) are read; a bare line's text alone may be known."""
    message, how = pl.col("message"), pl.col("form")
    return (
        pl.when(how == "klog")
        .then(message.str.contains(_KLOG))
        .when(how == "systemd")
        .then(message.str.contains(_SENTENCE))
        .otherwise(how != "bare")
    )


def sites(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``site``: the same for all lines that one call of the component's source wrote.

    That is its file and line with the first words: one call may write many texts (a wrapper), one file and line be many calls (versions).
    Where no file is named: the words without what differs.
    """
    parts = [rows.filter(pl.col("form") == how).with_columns(of().fill_null("").alias("site")) for how, of in _SITES.items()]
    return pl.concat(part for part in parts if not part.is_empty()) if rows.height else rows.with_columns(site=pl.lit(""))


def _call() -> pl.Expr:
    """By slices of klog's line: a regular expression that captures would take longer than all else."""
    after = pl.col("message").str.slice(_STAMP, 200).str.splitn("] ", 2)
    words = after.struct.field("field_1").str.slice(1, 40).str.replace(_VALUE_BEGINS, "")
    return after.struct.field("field_0") + " " + words.fill_null("")


def _caller() -> pl.Expr:
    message = pl.col("message")
    return message.str.extract(r'"caller":("[^"]*")') + message.str.extract(rf'"msg":("{_WORDS})')


def _message_words() -> pl.Expr:
    return pl.col("message").str.extract(r'\bmsg"?[=:]("(?:[^"\\]|\\.){0,200}|\S+)').str.replace_all(_DIFFERING, "…")


def _all_words() -> pl.Expr:
    return pl.col("message").str.slice(0, 200).str.replace_all(_DIFFERING, "…")


_SITES: dict[str, Callable[[], pl.Expr]] = {
    "klog": _call,
    "json": _caller,
    "logfmt": _message_words,
    "systemd": _all_words,
    "bare": _all_words,
}
