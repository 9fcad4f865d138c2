"""The API server's audit log as text: the only one from 1.3 to 1.6, and ``--audit-log-format=legacy`` to 1.11.

To 1.7 (pkg/genericapiserver/filters/audit.go) a request and its answer are two lines with one id; the method is that of HTTP. The later
legacy format (audit/log/backend.go) has a line for each stage, with verb and answer in it, ``<deferred>`` where there is none yet::

    2017-05-19T08:12:01.123Z AUDIT: id="c9b7" ip="10.0.0.1" method="DELETE" user="admin" as="<self>" namespace="default" uri="/api/..."
    2017-05-19T08:12:01.201Z AUDIT: id="c9b7" response="200"

Both become the records of the JSON log, as far as they tell: the object is taken from the URI; bodies and user agents there are none.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes.audit_log import LONGEST
from analyzer.formats.lines import beginning, chunks
from analyzer.formats.tables import shaped
from analyzer.vocabulary import RECORDS, REJECTS, TEXT_LIMIT, TIME

_LINE: Final = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) AUDIT: id="
_URI: Final = r"^/(?:api|apis/([^/?]+))/v[^/?]+/(?:namespaces/([^/?]+)/)?([a-z.]+)(?:/([^/?]+))?(?:/([^/?]+))?(?:[/?]|$)"
_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_ASKED: Final = ("id", "written", "verb", "user", "uri")
_UNANSWERED: Final = 100_000
"""So many requests wait for their answer; a watch has its line only when it ends."""


class AuditText:
    """Audit lines of text."""

    name = "kubernetes-audit-text"
    family = "audit"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first lines are such lines."""
        lines = beginning(head)[:10]
        return sum(re.match(_LINE, line) is not None for line in lines) * 2 > len(lines)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        first = 0
        waiting = pl.DataFrame(schema=dict.fromkeys(_ASKED, pl.String()))
        for frame in chunks(stream):
            rows = frame.filter(pl.col("raw").str.contains(r"\S")).with_columns(_parts())
            waiting = pl.concat([waiting, rows.filter(pl.col("uri").is_not_null()).select(_ASKED)])
            batch, answered = _batch(rows, waiting.unique("id", keep="first", maintain_order=True), first)
            waiting = waiting.join(answered, on="id", how="anti").tail(_UNANSWERED)
            first += batch.records.height
            yield batch


def _quoted(key: str) -> pl.Expr:
    """A value as Go's %q writes it; what it escapes does not occur in names."""
    return pl.col("raw").str.extract(rf'[ ]{key}="((?:[^"\\]|\\.)*)"')


def _parts() -> list[pl.Expr]:
    uri, method, name = _quoted("uri"), _quoted("method"), _quoted("uri").str.extract(_URI, 4)
    acting = _quoted("as")
    reading = pl.when(uri.str.contains(r"[?&]watch=(?:true|1)")).then(pl.lit("watch")).when(name.is_null()).then(pl.lit("list"))
    verb = (
        pl.when(method == "GET")
        .then(reading.otherwise(pl.lit("get")))
        .when((method == "DELETE") & name.is_null())
        .then(pl.lit("deletecollection"))
        .otherwise(method.replace(_VERBS).str.to_lowercase())
    )
    return [
        pl.col("raw").str.extract(_LINE).alias("written"),
        _quoted("id").alias("id"),
        verb.alias("verb"),
        pl.when(acting.is_null() | acting.is_in(["<self>", "<none>"])).then(_quoted("user")).otherwise(acting).alias("user"),
        uri.alias("uri"),
        _quoted("response").alias("response"),
    ]


def _batch(rows: pl.DataFrame, asked: pl.DataFrame, first: int) -> tuple[Batch, pl.DataFrame]:
    """Records and rejects; and the ids of the requests that were answered."""
    told = rows.join(asked, on="id", how="left", suffix="_asked", maintain_order="left")
    told = told.with_columns(pl.coalesce(name, f"{name}_asked").alias(name) for name in ("verb", "user", "uri"))
    code = pl.col("response").cast(pl.Int64, strict=False)
    group, namespace, resource, name, sub = (pl.col("uri").str.extract(_URI, number) for number in range(1, 6))
    stage = pl.when(code.is_null()).then(pl.lit("RequestReceived")).otherwise(pl.lit("ResponseComplete"))
    what = resource + pl.when(sub.is_null()).then(pl.lit("")).otherwise("/" + sub)
    which = pl.concat_str(namespace, name, separator="/", ignore_nulls=True)
    about = pl.when(which == "").then(what).otherwise(what + " " + which)
    subject = pl.when(resource.is_null()).then(pl.col("uri").str.extract(r"^([^?]*)")).otherwise(about)
    user = pl.col("user").fill_null("?")
    known = pl.col("uri").is_not_null()
    message = pl.col("verb") + " " + subject + " by " + user + ": " + pl.coalesce(code.cast(pl.String), stage)
    reference = pl.struct(
        resource.alias("resource"), namespace.alias("namespace"), name.alias("name"), group.alias("apiGroup"), sub.alias("subresource")
    )
    moments = {
        n: pl.col(n).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False).cast(TIME) for n in ("written", "written_asked")
    }
    long = moments["written"] - moments["written_asked"] > LONGEST
    moment = pl.when(long).then(moments["written"]).otherwise(pl.coalesce(moments["written_asked"], moments["written"]))
    made = told.with_columns(
        moment.alias("time"),
        pl.lit(1, pl.Int64).alias("resolution_us"),
        pl.lit("kube-apiserver").alias("identifier"),
        pl.when(known).then(message).otherwise("answer to a request before the log: " + pl.col("response")).alias("message"),
        pl.struct(
            stage.alias("stage"),
            pl.col("verb").fill_null("").alias("verb"),
            user.alias("user"),
            pl.col("id").alias("auditID"),
            code.fill_null(0).alias("code"),
            reference.alias("objectRef"),
        )
        .struct.json_encode()
        .alias("fields"),
    )
    read = pl.col("time").is_not_null() & pl.col("id").is_not_null() & pl.col("message").is_not_null()
    records = made.filter(read).with_columns(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("record"))
    broken = made.filter(~read).with_columns(pl.lit("no line of an audit log").alias("reason"), pl.col("raw").str.head(TEXT_LIMIT))
    answered = rows.filter(pl.col("response").is_not_null()).select("id").unique()
    return Batch(records=shaped(records, RECORDS), rejects=shaped(broken, REJECTS)), answered


FORMAT = AuditText()
