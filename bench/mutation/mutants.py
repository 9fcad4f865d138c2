"""What can be changed: cosmic-ray's mutants of a module, without those in annotations, which say nothing when they fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDERS = ("analyzer/lifecycle", "analyzer/detectors")
_LEFT_OUT = frozenset({"core/RemoveDecorator"})  # a dataclass without its decorator fails wherever it is made


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    path: str
    """From the top of the checkout."""
    line: int
    operator: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.operator.partition('/')[2]} {self.occurrence}"


def modules(wanted: str = "") -> list[str]:
    found = (path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py")))
    return [path for path in found if wanted in path]


def mutants(path: str) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(_tree(path)))
    for name in sorted(operator_names()):
        if name in _LEFT_OUT:
            continue
        try:
            operator = get_operator(name)()
        except TypeError:  # wants arguments, which nobody gave
            continue
        occurrence = 0
        for node in nodes:
            for (line, _), _ in operator.mutation_positions(node):
                if not _annotates(node):
                    yield Mutant(path, line, name, occurrence)
                occurrence += 1


def source(mutant: Mutant) -> str:
    """The module's text with the change in it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    changed = mutate_code((ROOT / mutant.path).read_bytes(), get_operator(mutant.operator)(), mutant.occurrence)
    if changed is None:
        raise LookupError(str(mutant))
    return str(changed)


@cache
def _tree(path: str) -> Any:
    from cosmic_ray.ast import get_ast

    return get_ast((ROOT / path).read_text(encoding="utf-8"))


def _annotates(node: Any) -> bool:
    """In the type of an argument, a result or a variable; or the star between arguments, which is no operator."""
    while node.parent is not None:
        within = node.parent
        if node.type == "operator" and within.type in ("parameters", "param"):
            return True
        if within.type == "funcdef" and node is not within.children[-1] and node.type != "parameters":
            return True
        if within.type in ("tfpdef", "annassign") and node is within.children[2 if within.type == "tfpdef" else 1]:
            return True
        node = within
    return False
