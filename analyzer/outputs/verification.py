"""What a verification found: one line for each problem, and a sentence."""

import orjson

from analyzer.outputs.words import printable
from analyzer.verification import Problem, Verdict

_NAMED = 3
"""So many of the findings that rest on something are named."""


def as_text(verdict: Verdict) -> str:
    """Ends in a newline; what comes from evidence cannot reach the terminal raw."""
    lines = [_line(p) for p in (*verdict.notes, *verdict.problems)]
    counted = f"{verdict.findings} finding(s), {verdict.citations} citation(s), {verdict.sources} source(s)"
    said = f"{len(verdict.problems)} problem(s)" if verdict.problems else "all as cited"
    return "\n".join(printable(line) for line in [*lines, f"{counted}: {said}"]) + "\n"


def as_json(verdict: Verdict) -> str:
    return orjson.dumps(verdict.document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _line(problem: Problem) -> str:
    named = ", ".join(problem.findings[:_NAMED])
    more = f" and {len(problem.findings) - _NAMED} more" if len(problem.findings) > _NAMED else ""
    of = "" if not named or problem.where.startswith("finding ") else f" (finding {named}{more})"
    return f"{problem.where}: {problem.says}{of}"
