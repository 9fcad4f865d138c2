"""All cases, in as many processes as there are cores; then an index page and a table over all."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.batch.case import Result, Sought, failed, previous, record, signature, work
from analyzer.batch.corpus import CORPUS, write_corpus
from analyzer.batch.index import INDEX, write_index
from analyzer.evidence import Case, cases
from analyzer.exceptions import EvidenceError, UsageError
from analyzer.outputs.files import sweep
from analyzer.progress import Progress
from analyzer.workers import pool


@dataclass(frozen=True)
class Outcome:
    """How many cases were analyzed, were unchanged, failed."""

    done: int
    kept: int
    failed: int


def run_batch(
    directory: Path,
    out: Path,
    *,
    jobs: int | None = None,
    again: bool = False,
    kinds: Sequence[str] | None = None,
    without: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Analyze what is missing or changed below ``directory``; write ``out/CASE/``, ``out/index.html``, ``out/findings.parquet``.

    ``again``: all of it, changed or not; ``kinds``, ``without``: as for ``analyze``.
    Raises EvidenceError if there is no case, UsageError if ``out`` cannot be a directory.
    """
    if not directory.is_dir():
        raise EvidenceError(f"{directory}: no such folder (give the folder that holds the archives or case folders)")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file (give a directory)")
    found = _named([c for c in cases(directory) if c.path.resolve() != out.resolve()])
    if not found:
        raise EvidenceError(f"{directory}: no cases there (each archive or folder in it would be one)")
    out.mkdir(parents=True, exist_ok=True)
    sweep(out)
    results: dict[str, Result] = {}
    todo: list[tuple[Case, str]] = []
    sought = Sought(tuple(sorted(kinds or ())), tuple(sorted(without or ())))
    for case in found:
        signed = signature(case.path, sought)
        old = None if again else previous(out, case.name)
        if old is not None and old.signature == signed:
            results[case.name] = old
        else:
            todo.append((case, signed))
    kept = len(results)
    if progress:
        progress("analyzing", 0, len(todo))
    for number, result in enumerate(_results(todo, out, sought, jobs or os.cpu_count() or 1), 1):
        results[result.name] = result
        if progress:
            progress(result.name, number, len(todo))
    ordered = [results[c.name] for c in found]
    write_corpus(ordered, out)
    write_index(ordered, out, title=directory.resolve().name)
    bad = [r for r in ordered if r.status == "failed"]
    fresh = {case.name for case, _ in todo}
    return Outcome(len(todo) - sum(r.name in fresh for r in bad), kept, len(bad))


def _named(found: list[Case]) -> list[Case]:
    """Each under a name that is a folder of its own in ``out``, and can be written as text."""
    taken = {"", ".", "..", INDEX, CORPUS}
    renamed = []
    for case in found:
        plain = os.fsencode(case.name).decode(errors="replace")
        name = next(n for n in (plain, *(f"{plain}-{i}" for i in range(2, len(found) + 3))) if n not in taken)
        taken.add(name)
        renamed.append(replace(case, name=name))
    return renamed


def _results(todo: list[tuple[Case, str]], out: Path, sought: Sought, jobs: int) -> Iterable[Result]:
    """Results as they come. If a process dies, the cases that were under way are tried again, each alone."""
    unfinished: list[tuple[Case, str]] = []
    with pool(min(jobs, len(todo) or 1)) as workers:
        futures = {workers.submit(work, case.name, str(case.path), str(out), signed, sought): (case, signed) for case, signed in todo}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                unfinished.append(futures[future])
    for case, signed in sorted(unfinished, key=lambda item: item[0].name):
        with pool(1) as workers:
            try:
                yield workers.submit(work, case.name, str(case.path), str(out), signed, sought).result()
            except BrokenProcessPool:
                result = failed(case.name, str(case.path), signed, "its process died (out of memory?)")
                record(result, out)
                yield result
