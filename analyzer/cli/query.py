"""podopsy query: SQL over the tables, and over ``klog``: one row per klog line of the records."""

from enum import StrEnum
from typing import Annotated

import typer

from analyzer.cli import options as o


class Form(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    app.command()(o.spread(query))


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A SELECT over the tables (sources, records, events, ...) and over klog.")],
    evidence: o.Evidence,
    output: Annotated[Form, typer.Option("-o", "--output", help="How the rows are written.")] = Form.TABLE,
) -> None:
    """SQL over the tables of a store, or of the evidence under PATH (podopsy schema lists the columns).

    The table klog is made when the SQL names it: one row per klog line of the records, with severity, file, file_line, thread, message
    (the quoted text of a structured line, else the whole body) and key_values (a JSON object).
    """
    import polars as pl

    from analyzer.exceptions import UsageError
    from analyzer.store import MemoryStore
    from analyzer.vocabulary import TABLES

    target = o.opened(evidence.paths, evidence.store) or MemoryStore(keep_records=True)
    if evidence.paths:
        import analyzer.ingest as pipeline

        with o.progress() as bar:
            pipeline.ingest(evidence.paths, target, evidence.options(), bar)
    frames = {name: target.scan(name) for name in TABLES}
    if "klog" in sql.lower():
        from analyzer.outputs import klog_table

        frames["klog"] = klog_table.frame(target)
    context = pl.SQLContext(frames=frames)
    try:
        rows = context.execute(sql, eager=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise UsageError(f"query: {str(error).splitlines()[0]}") from error
    if output is Form.CSV:
        o.hand_over(rows.write_csv())
    elif output is Form.JSON:
        o.hand_over(rows.write_json() + "\n")
    else:
        from analyzer.outputs.words import printable

        with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=120, tbl_width_chars=2000, tbl_hide_dataframe_shape=True):
            o.say("".join(printable(line) + "\n" for line in str(rows).splitlines()))
