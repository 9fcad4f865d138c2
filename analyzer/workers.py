"""Sources, and parts of large ones, read in processes of their own, one a processor: rules hold Python's lock, for which threads wait.

What comes of it is the same, in the same order: results are taken in the order of the plan. Only programs that say so (``allow``) have
workers: a process that is spawned runs its parent's main module again, which a script of somebody else need not expect.

Nothing heavy is imported here: a worker says how many threads polars may have before it loads it.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context, parent_process
from socket import socket
from threading import Thread
from typing import TYPE_CHECKING, Any

from analyzer import ahead, handover

if TYPE_CHECKING:
    from analyzer.formats import ReadContext
    from analyzer.parts import Part
    from analyzer.plan import Options, Planned
    from analyzer.progress import Reading
    from analyzer.reading import Tally
    from analyzer.store import Apart, Target, Writer

    Sent = tuple[Planned, str, ReadContext]

VARIABLE = "PODOPSY_JOBS"
"""So many processes at most; 1: all is read in one."""

_SMALL = 128 * 1024
"""What a source costs besides its bytes, in bytes: some milliseconds."""
_WORTH = 64 * 1024 * 1024
"""Below that, starting the workers takes longer than they save."""
_TASK = 8 * 1024 * 1024
"""Sources are handed out in lots of so many bytes."""
_allowed = 1


def allow() -> None:
    """From now on this process may have workers, as many as there are processors. Raises UsageError."""
    global _allowed
    stated = os.environ.get(VARIABLE, "")
    if stated and not (stated.isdecimal() and int(stated)):
        from analyzer.exceptions import UsageError

        raise UsageError(f"{VARIABLE}={stated}: write a number of processes, 1 or more")
    _allowed = int(stated) if stated else os.cpu_count() or 1


def pool(processes: int, threads: int | None = None) -> ProcessPoolExecutor:
    """Fresh processes (polars' threads do not survive a fork), each with so many threads."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begun, initargs=(threads, handover.channel()))


def _begun(threads: int | None, parent_takes: socket | None) -> None:
    """A killed parent tells its workers nothing: they would wait for their next task for ever. An interrupted one speaks for all."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    handover.begin(parent_takes)
    if threads is not None:
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        ahead.limit(threads)
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, name="parent", daemon=True).start()


class Workers:
    """Those of one ingest; none where they are not allowed, or would not pay.

    A context manager: at its end nobody works any more.
    """

    def __init__(self, plan: "Sequence[Planned]", store: "Target", options: "Options") -> None:
        self._make, self._store, self._options = store.apart(), store, options
        costs = {
            planned.source.name: planned.size + _SMALL for planned in plan if planned.source.path is not None and planned.format is not None
        }
        whole = sum(costs.values())
        self._large = set(_divisible(plan)) if _allowed > 1 and whole >= _WORTH else set()
        lump = max((cost for name, cost in costs.items() if name not in self._large), default=0)
        pays = whole >= _WORTH and lump * _allowed <= 1.5 * whole  # one that is most of it is read as fast by all threads
        self._costs = costs if _allowed > 1 and pays else {}
        self._pool = pool(_allowed, 1) if self._costs else None
        self._lots: dict[str, tuple[Future[list[Apart]], int]] = {}
        self._parts: dict[str, list[tuple[Part, Future[tuple[Writer, Tally]]]]] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, sources: "Sequence[tuple[Planned, ReadContext]]") -> None:
        """Hand out those that can be read elsewhere: files on disk, as they are."""
        if self._pool is None:
            return
        from analyzer.parts import parts

        with suppress(BrokenProcessPool):  # what was not handed out is read here
            for lot in self._divided(sources):
                future = self._pool.submit(_read, [_sent(*each) for each in lot], self._make, self._options)
                self._lots |= {planned.source.name: (future, at) for at, (planned, _) in enumerate(lot)}
            for planned, context in sources:
                if planned.source.name in self._large and planned.source.path is not None:
                    self._parts[planned.source.name] = found = []
                    for part in parts(planned.source.path, planned.size):
                        found.append((part, self._pool.submit(_read_part, _sent(planned, context), part, self._make)))

    def _divided(self, sources: "Sequence[tuple[Planned, ReadContext]]") -> "Iterator[list[tuple[Planned, ReadContext]]]":
        lot: list[tuple[Planned, ReadContext]] = []
        cost = 0
        for each in sources:
            if each[0].source.name not in self._costs or each[0].source.name in self._large:
                continue
            lot.append(each)
            cost += self._costs[each[0].source.name]
            if cost >= _TASK:
                yield lot
                lot, cost = [], 0
        if lot:
            yield lot

    def took(self, planned: "Planned", context: "ReadContext", reading: "Reading") -> bool:
        """Wait for what came of a source, and put it into the store; False if it has to be read here."""
        if planned.source.name in self._parts:
            return self._put_together(planned, context, reading)
        found = self._lots.pop(planned.source.name, None)
        if found is None:
            return False
        future, at = found
        try:
            self._store.join(future.result()[at])
        except BrokenProcessPool:  # it died, perhaps for want of memory: one at a time needs less
            return False
        return True

    def _put_together(self, planned: "Planned", context: "ReadContext", reading: "Reading") -> bool:
        """The parts of a source, if all of them are as they have to be. Else it is read as a whole, and what they wrote taken away."""
        from analyzer.reading import Whole

        handed_out = self._parts.pop(planned.source.name)
        fits = sum(part.end - part.begin for part, _ in handed_out) == planned.size
        whole = Whole(planned, self._store)
        while handed_out:  # what has been taken over is held nowhere else
            part, future = handed_out.pop(0)
            if not fits and future.cancel():
                continue
            try:
                writer, tally = future.result()
            except BrokenProcessPool:
                fits = False
                continue
            reading.reached(part.end)
            fits = fits and tally.fits(part.lines if handed_out else None)
            whole.add(writer, tally)
        if fits:
            whole.commit(self._options, context)
        else:
            whole.discard()
        return fits


def _divisible(plan: "Sequence[Planned]") -> "Iterator[str]":
    """The names of the sources that are read in parts."""
    from analyzer.parts import divisible

    return (planned.source.name for planned in plan if divisible(planned.source, planned.size, planned.format))


def _sent(planned: "Planned", context: "ReadContext") -> "Sent":
    """A format goes by its name: the other process has it, too."""
    return replace(planned, format=None), planned.format.name if planned.format else "", context


def _received(planned: "Planned", name: str) -> "Planned":
    from analyzer import formats

    return replace(planned, format=formats.named(name))


def _read(lot: "Sequence[Sent]", make: "Callable[[], Apart]", options: "Options") -> "list[Apart]":
    """In a worker: each source, with the name of its format, into something of its own."""
    from analyzer.progress import Reading
    from analyzer.reading import read

    made: list[Any] = []
    for planned, name, context in lot:
        made.append(make())
        read(_received(planned, name), made[-1], options, context, Reading(None, 0))
    return made


def _read_part(sent: "Sent", part: "Part", make: "Callable[[], Apart]") -> "tuple[Writer, Tally]":
    """In a worker: a part of a source."""
    from analyzer.reading import read_part

    planned, name, context = sent
    return read_part(_received(planned, name), part, make(), context)
