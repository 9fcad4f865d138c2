"""The picture as plotly takes it: lanes above, replica charts below, one axis of time; and where each finding is in it."""

from collections import defaultdict
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs.report import lanes as l
from analyzer.outputs.report.embed import clock, epoch_ms, markup, plain, short
from analyzer.outputs.report.lanes import Lane, Lanes
from analyzer.outputs.report.replicas import Chart, charts
from analyzer.outputs.states import State
from analyzer.vocabulary import APP_KINDS_WITH_REPLICAS

_INK = "#777777"
"""The page replaces it in traces whose meta is 'ink' by the colour of its text, dark or light."""
# After Okabe and Ito's palette, which the colour-blind can tell apart: calm where all is well. The pattern says the same once more.
_BARS: dict[str, tuple[str, str]] = {
    State.SUPERVISED: ("#86AFD0", ""),
    State.RUNNING: ("#A9B2BA", "-"),
    State.ADOPTED: ("#0072B2", "."),
    State.ORPHANED: ("#E69F00", "/"),
    State.REMOVING: ("#CC79A7", "x"),
    l.UP: ("#5DB896", ""),
    l.DOWN: ("#D55E00", "\\"),
    l.READY: ("#A5D6C4", ""),
    l.NOT_READY: ("#D9B44A", "+"),
}
_NAMES = {State.RUNNING: "running (supervision unknown)"}
_MARKS: dict[str, tuple[str, str]] = {
    l.STOPPED: ("triangle-down", "#D55E00"),
    l.STARTED: ("triangle-up", "#009E73"),
    l.RECOVERED: ("diamond-tall", "#F0E442"),
    l.EVICTED: ("x", "#CC0000"),
    l.ENDED: ("line-ns-open", _INK),
}
_SOURCES = {
    "stated": "as stated on the command line",
    "objects": "as API objects say",
    "controller-manager": "as the controller-manager logged",
    "events": "as events tell",
    "inferred": "inferred from the steady state",
}
_LANE, _CHART, _GAP, _TOP, _BOTTOM = 20, 74, 46, 136, 46
_OVER = "#D55E00"


def figure(analysis: Analysis) -> dict[str, Any]:
    """``data`` and ``layout`` for plotly, ``focus`` by finding id, the ranges of time, and notes on what is left out."""
    drawn = l.build(analysis)
    shown, without = charts(analysis)
    data = _bars(drawn) + _marks(drawn)
    height = _LANE * max(len(drawn.lanes), 1)
    inner = height + (_GAP + _CHART) * len(shown)
    whole = _range(analysis.life.start, analysis.life.end)
    incident = _incident(analysis) or whole
    layout: dict[str, Any] = {
        "height": inner + _TOP + _BOTTOM,
        "margin": {"l": _left(drawn), "r": 24, "t": _TOP, "b": _BOTTOM, "pad": 0},
        "barmode": "overlay",
        "hovermode": "closest",
        "dragmode": "zoom",
        "legend": {"orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top"},
        "yaxis": {
            "domain": [1 - height / inner, 1],
            "range": [len(drawn.lanes) - 0.5, -0.5],
            "tickvals": list(range(len(drawn.lanes))),
            "ticktext": [lane.label for lane in drawn.lanes],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "anchor": "x",
        },
        "xaxis": {"type": "date", "range": incident, "side": "top", "anchor": "y", "hoverformat": "%H:%M:%S.%3f"},
        "shapes": _bands(drawn),
        "annotations": [],
    }
    for number, chart in enumerate(shown):
        top = 1 - (height + (_GAP + _CHART) * number + _GAP) / inner
        data += _stairs(chart, number)
        layout[f"yaxis{number + 2}"] = _count_axis(chart, [max(top - _CHART / inner, 0), top])
        layout["annotations"].append(_heading(chart, top))
    if shown:
        layout["xaxis2"] = {
            "type": "date",
            "range": incident,
            "matches": "x",
            "anchor": f"y{len(shown) + 1}",
            "hoverformat": "%H:%M:%S.%3f",
        }
    notes = [n for n in (drawn.note, f"{without} more controllers, without findings, have no chart." if without else None) if n]
    focus = {f.id: _focus(f, drawn, shown, analysis) for f in analysis.findings}
    return {
        "data": data,
        "layout": layout,
        "focus": focus,
        "whole": whole,
        "incident": incident,
        "notes": notes,
        "top": _TOP,
        "lane": _LANE,
    }


def _range(start: datetime, end: datetime) -> list[float]:
    pad = max((end - start) * 0.02, timedelta(seconds=1))
    return [epoch_ms(start - pad), epoch_ms(end + pad)]


def _incident(analysis: Analysis) -> list[float] | None:
    """The time of all unexpected findings, with some room on both sides to see how it was before and after."""
    times = [t for f in analysis.findings if not f.expected for t in (f.start.time, f.end.time or analysis.life.end) if t is not None]
    if not times:
        return None
    low, high = min(times), max(times)
    room = max((high - low) * 0.15, timedelta(seconds=5))
    return _range(max(low - room, analysis.life.start), min(high + room, analysis.life.end))


def _left(drawn: Lanes) -> int:
    """Room for the longest label: entities count as one character, 11 px type has some 5.6 px each."""
    labels = (unescape(lane.label) for lane in drawn.lanes)
    return min(max((len(label) for label in labels), default=10), 50) * 56 // 10 + 18


def _bars(drawn: Lanes) -> list[dict[str, Any]]:
    """A trace for each state: plotly then draws thousands of bars as fast as one."""
    columns: dict[str, dict[str, list[Any]]] = {
        state: {"base": [], "x": [], "y": [], "hovertext": [], "customdata": [], "meta": []} for state in _BARS
    }
    for y, lane in enumerate(drawn.lanes):
        for bar in lane.bars:
            column = columns[bar.state]
            column["base"].append(epoch_ms(bar.start))
            column["x"].append(round(epoch_ms(bar.end) - epoch_ms(bar.start), 3))
            column["y"].append(y)
            column["hovertext"].append(bar.hover)
            column["customdata"].append(bar.finding)
            column["meta"].append(plain(lane.node))
    return [
        {
            **column,
            "type": "bar",
            "orientation": "h",
            "meta": sorted(set(column["meta"])),
            "name": markup(_NAMES.get(State(state), state) if state in list(State) else state),
            "width": 0.7,
            "hoverinfo": "text",
            "marker": {
                "color": _BARS[state][0],
                "line": {"width": 0},
                "pattern": {"shape": _BARS[state][1], "fgcolor": "rgba(0,0,0,.55)", "fillmode": "overlay", "size": 7, "solidity": 0.25},
            },
        }
        for state, column in columns.items()
        if column["y"]
    ]


def _marks(drawn: Lanes) -> list[dict[str, Any]]:
    columns: dict[str, dict[str, list[Any]]] = {what: {"x": [], "y": [], "hovertext": [], "customdata": []} for what in _MARKS}
    for y, lane in enumerate(drawn.lanes):
        for mark in lane.marks:
            column = columns[mark.what]
            column["x"].append(epoch_ms(mark.time))
            column["y"].append(y)
            column["hovertext"].append(mark.hover)
            column["customdata"].append(mark.finding)
    return [
        {
            **column,
            "type": "scatter",
            "mode": "markers",
            "name": what,
            "hoverinfo": "text",
            "meta": "ink" if colour == _INK else None,
            "marker": {
                "symbol": symbol,
                "size": 11,
                "color": colour,
                "line": {"width": 2 if what == l.ENDED else 1.2, "color": _INK if what == l.ENDED else "#FFFFFF"},
            },
        }
        for what, column in columns.items()
        for symbol, colour in [_MARKS[what]]
        if column["y"]
    ]


def _bands(drawn: Lanes) -> list[dict[str, Any]]:
    """A faint band behind each heading, so that nodes are told apart."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": y - 0.5,
            "y1": y + 0.5,
            "fillcolor": "rgba(128,128,128,.16)",
            "line": {"width": 0},
        }
        for y, lane in enumerate(drawn.lanes)
        if lane.heading
    ]


def _stairs(chart: Chart, number: int) -> list[dict[str, Any]]:
    axes = {"xaxis": "x2", "yaxis": f"y{number + 2}"}
    xs = [epoch_ms(t) for t in chart.times]
    title = markup(chart.controller.title)
    hover = [f"{title}<br>{clock(t)}<br>running: {n}" for t, n in zip(chart.times, chart.running, strict=True)]
    running = {
        **axes,
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": chart.running,
        "line": {"shape": "hv", "width": 2, "color": "#0072B2"},
        "name": "pods running",
        "legendgroup": "running",
        "showlegend": number == 0,
        "hovertext": hover,
        "hoverinfo": "text",
    }
    if chart.wanted is None:
        return [running]
    asked = [f"{title}<br>{clock(t)}<br>asked for: {n}" for t, n in zip(chart.times, chart.wanted, strict=True)]
    wanted = {
        **running,
        "y": chart.wanted,
        "line": {"shape": "hv", "width": 1.5, "color": _INK, "dash": "dash"},
        "meta": "ink line",
        "name": "asked for",
        "legendgroup": "wanted",
        "hovertext": asked,
    }
    floor = {
        **wanted,
        "line": {"shape": "hv", "width": 0},
        "meta": None,
        "legendgroup": "overshoot",
        "showlegend": False,
        "hoverinfo": "skip",
    }
    peak = [max(n, w) for n, w in zip(chart.running, chart.wanted, strict=True)]
    over = {
        **axes,
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": peak,
        "line": {"shape": "hv", "width": 0},
        "fill": "tonexty",
        "fillcolor": "rgba(213,94,0,.3)",
        "fillpattern": {"shape": "/", "fgcolor": _OVER, "fillmode": "overlay", "size": 6, "solidity": 0.3},
        "name": "overshoot",
        "legendgroup": "overshoot",
        "showlegend": number == 0,
        "hoverinfo": "skip",
    }
    return [floor, over, running, wanted]


def _count_axis(chart: Chart, domain: list[float]) -> dict[str, Any]:
    top = max([1, *chart.running, *(chart.wanted or ())])
    return {
        "domain": domain,
        "range": [-0.15 * top, top * 1.15],
        "fixedrange": True,
        "anchor": "x2",
        "nticks": 4,
        "tick0": 0,
        "dtick": max((top + 3) // 4, 1),
        "zeroline": False,
    }


def _heading(chart: Chart, top: float) -> dict[str, Any]:
    wanted = chart.controller.wanted
    source = _SOURCES.get(wanted.source, f"as known from {wanted.source}") if wanted is not None else _unasked(chart.controller.kind)
    text = f"<b>{markup(short(chart.controller.title, 80))}</b>  in {markup(short(chart.controller.namespace, 40))}; asked for: {source}"
    return {
        "text": text,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "y": top,
        "yanchor": "bottom",
        "showarrow": False,
        "align": "left",
    }


def _unasked(kind: str) -> str:
    return "not known" if kind in APP_KINDS_WITH_REPLICAS else f"a {markup(kind)} has no fixed number"


def _focus(finding: Finding, drawn: Lanes, shown: list[Chart], analysis: Analysis) -> dict[str, Any]:
    """From when to when, and the lanes and charts that show it: spans of y by axis."""
    start = finding.start.time or analysis.life.start
    end = max(finding.end.time or analysis.life.end, start)
    spans: dict[str, list[list[float]]] = defaultdict(list)
    for y in (y for y, lane in enumerate(drawn.lanes) if _concerns(lane, finding, analysis)):
        if spans["y"] and spans["y"][-1][1] == y - 0.5:
            spans["y"][-1][1] = y + 0.5
        else:
            spans["y"].append([y - 0.5, y + 0.5])
    for number, chart in enumerate(shown):
        if (chart.controller.namespace, chart.controller.title) == (finding.namespace, finding.controller) and not finding.container_id:
            spans[f"y{number + 2} domain"].append([0, 1])
    return {"start": epoch_ms(start), "end": epoch_ms(end), "spans": dict(spans)}


def _concerns(lane: Lane, finding: Finding, analysis: Analysis) -> bool:
    if lane.heading:
        return False
    if finding.container_id is not None:
        return finding.container_id in lane.containers
    if finding.pod is not None:
        return bool({finding.pod_uid, f"{finding.namespace}/{finding.pod}"} & lane.pods)
    if finding.controller is not None:
        owners = analysis.life.owners
        return any((owners[k].namespace, owners[k].title) == (finding.namespace, finding.controller) for k in lane.pods if k in owners)
    if lane.node != finding.node:
        return False
    return not lane.pods or bool(lane.containers.intersection(finding.details.get("containers") or ()))
