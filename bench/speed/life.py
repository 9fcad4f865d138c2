"""What happens on made-up nodes: pods come and go, kubelets stop and start. Seeded; in the order of time; in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

START_US = 1_795_330_000_000_000
_APART_US = 4_000_000
"""Between two happenings on a node, on average."""
_ALIVE = 30
_APPS = ("api", "service", "worker", "frontend", "billing")


@dataclass(frozen=True)
class Pod:
    """A pod with one container."""

    app: str
    name: str
    uid: str
    sandbox: str
    container: str


@dataclass(frozen=True)
class Happening:
    """``verb``: started, deleted (a pod), stopped, returned (the kubelet)."""

    time: int  # µs
    verb: str
    pod: Pod | None = None


def life(rng: Random, pods: int | None, outages: int = 0) -> Iterator[Happening]:
    """One node until ``pods`` have come (None: without end). Its ``outages`` lie evenly between them; a pod may be deleted in one."""
    running: list[Pod] = []
    now, begun, away = START_US + rng.randrange(1_000_000), 0, 0
    every = max((pods or 0) // (outages + 1), 1)
    while pods is None or begun < pods:
        now += rng.randrange(_APART_US // 2, _APART_US * 3 // 2)
        if away:
            away -= 1
            if away == 0:
                yield Happening(now, "returned")
        elif len(running) >= _ALIVE or (running and rng.random() < 0.4):
            yield Happening(now, "deleted", running.pop(rng.randrange(len(running))))
        else:
            begun += 1
            running.append(_pod(rng))
            yield Happening(now, "started", running[-1])
            if begun % every == 0 and begun // every <= outages:
                now += 1_000_000
                yield Happening(now, "stopped")
                away = rng.choice((2, 10, 100))


def _pod(rng: Random) -> Pod:
    app = rng.choice(_APPS)
    name = f"example-{app}-release-{rng.randrange(1, 90)}-{rng.getrandbits(32):08x}"[:60]
    bits = f"{rng.getrandbits(128):032x}"
    uid = f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"
    return Pod(app, name, uid, f"{rng.getrandbits(256):064x}", f"{rng.getrandbits(256):064x}")
