"""Many inputs, in processes that are watched from outside: one that dies or hangs is named by its number, and the rest goes on."""

import multiprocessing as mp
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from queue import Empty
from random import Random
from typing import Any

from bench.fuzz.home import at_home
from bench.fuzz.mutate import mutated
from bench.fuzz.seeds import WHOLE, seeds
from bench.fuzz.trial import nothing_written, try_one

_WHOLE_SHARE = 20
"""One input in so many goes the whole way, which takes ten times as long."""
_ROW = 64
"""So many inputs of one format come after one another: what polars keeps ready of its patterns are a few dozen."""
_WHOLES = frozenset({WHOLE, "journal-binary"})
"""What cannot be put together of pieces."""
HANG = 10.0
"""Seconds that one input may take; a fault is one that takes longer twice."""


@dataclass(frozen=True)
class Fault:
    """What went wrong with the input of this number."""

    number: int
    name: str
    what: str
    data: bytes


@dataclass(frozen=True)
class Asked:
    """Which inputs: the same values give the same ones. ``pieces``: changed pieces of an input, where its format is one of text."""

    seed: int
    names: tuple[str, ...] = ()
    corpus: Path | None = None
    pieces: int = 1


class Inputs:
    """Input by number."""

    def __init__(self, asked: Asked) -> None:
        found = seeds(asked.corpus)
        self._seeds = {name: pieces for name, pieces in found.items() if not asked.names or name in asked.names}
        self.names = [name for name in self._seeds if name != WHOLE] or [WHOLE]
        self._all = [piece for pieces in found.values() for piece in pieces]
        self._asked = asked

    def make(self, number: int) -> tuple[str, bytes]:
        """A reader's name and what it gets: mostly something like its own format, sometimes like another."""
        rng = Random(f"{self._asked.seed} {number}")
        name = WHOLE if WHOLE in self._seeds and number % _WHOLE_SHARE == 0 else self.names[number // _ROW % len(self.names)]
        own = self._seeds[name]
        pieces = 1 if name in _WHOLES else self._asked.pieces
        some = (mutated(rng, rng.choice(own if rng.random() < 0.95 else self._all), rng.choice(self._all)) for _ in range(pieces))
        return name, b"\n".join(some)


Try = Callable[[str, bytes], None]


def outcome(asked: Inputs, number: int, trial: Try = try_one) -> Fault | None:
    """What is wrong with one input, if anything. Polars' panics are no Exceptions."""
    name, data = asked.make(number)
    try:
        trial(name, data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return Fault(number, name, f"{type(error).__name__}: {str(error)[:300]}", data)
    return None


def _work(asked: Asked, numbers: range, trial: Try, started: Any, faults: Any) -> None:
    """In a process of its own. ``started``: number and moment of the input that it is at."""
    inputs, parent = Inputs(asked), os.getppid()

    def all_of_them() -> None:
        with nothing_written() as written:
            for number in numbers:
                if os.getppid() != parent:  # it was killed: nobody listens any more
                    return
                started[0], started[1] = float(number), time.monotonic()
                fault = outcome(inputs, number, trial)
                if written:
                    name, data = inputs.make(number)
                    fault = Fault(number, name, f"wrote: {written.pop()}", data)
                if fault is not None:
                    faults.put(fault)
            started[0] = float(numbers.stop)

    at_home(all_of_them)


class _Worker:
    """A process with every n-th input, started anew after one that it did not survive."""

    def __init__(self, context: SpawnContext, asked: Asked, numbers: range, trial: Try, hang: float) -> None:
        self._context, self._asked, self._numbers, self._trial, self._hang = context, asked, numbers, trial, hang
        self._slow = -1
        self._start()

    def _start(self) -> None:
        self._faults: Any = self._context.Queue()
        self._started = self._context.Array("d", [-1.0, time.monotonic()], lock=False)
        arguments = (self._asked, self._numbers, self._trial, self._started, self._faults)
        self._process = self._context.Process(target=_work, args=arguments, daemon=True)
        self._process.start()

    def faults(self) -> Iterator[Fault]:
        """What it told since it was last asked, and what it died of."""
        yield from self._told()
        if not self._numbers:
            return
        at, since = self._started
        stuck = at >= 0 and at != self._numbers.stop and time.monotonic() - since > self._hang
        if stuck:
            self._process.kill()
            self._process.join()
        elif self._process.is_alive() or at == self._numbers.stop:
            return
        yield from self._told()
        if at < 0:
            raise RuntimeError("a process died before its first input")
        number = int(at)
        if stuck and number != self._slow:  # the machine may have been busy with something else: it gets one more try
            self._slow = number
            self._numbers = range(number, self._numbers.stop, self._numbers.step)
            self._start()
            return
        name, data = Inputs(self._asked).make(number)
        yield Fault(number, name, f"took more than {self._hang:g} s" if stuck else f"the process died ({self._process.exitcode})", data)
        self._numbers = range(number + self._numbers.step, self._numbers.stop, self._numbers.step)
        if self._numbers:
            self._start()

    def _told(self) -> Iterator[Fault]:
        while True:
            try:
                yield self._faults.get(timeout=0.01)
            except Empty:
                return

    @property
    def done(self) -> int:
        """Inputs from the first one on."""
        return max(0, int(self._started[0]))

    @property
    def over(self) -> bool:
        return not self._numbers or (self._started[0] == self._numbers.stop and not self._process.is_alive())


def run(asked: Asked, numbers: Sequence[int], jobs: int, trial: Try = try_one, hang: float = HANG) -> Iterator[Fault | int]:
    """Faults as they are found, and now and then how far the slowest process is."""
    context = mp.get_context("spawn")
    first, last = numbers[0], numbers[-1] + 1
    workers = [
        _Worker(context, asked, range(first + job, _end(first + job, last, jobs), jobs), trial, hang)
        for job in range(min(jobs, last - first))
    ]
    while not all(worker.over for worker in workers):
        time.sleep(0.2)
        for worker in workers:
            yield from worker.faults()
        yield min(worker.done for worker in workers)
    for worker in workers:
        yield from worker.faults()


def _end(start: int, last: int, step: int) -> int:
    """The first number of the row that is not below ``last``."""
    return start + -(-max(0, last - start) // step) * step
