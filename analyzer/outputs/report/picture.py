"""The picture and the findings as the page reads them: columns of nodes, lanes, bars, charts and findings, and what refers to what."""

from datetime import datetime, timedelta

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs.report import lanes as l
from analyzer.outputs.report.columns import NONE, Cited, Columns, Lists, Strings, micros
from analyzer.outputs.report.embed import name
from analyzer.outputs.report.findings import Listed
from analyzer.outputs.report.replicas import charts
from analyzer.vocabulary import FindingKind as F

_LANES = [l.KUBELET, l.API, l.RUNTIME]
_NO_CODE = -(2**31)
_MARKED = 3000
"""So many containers of one finding are marked in the picture."""
_MARKED_IN_ALL = 400_000


def picture(analysis: Analysis) -> str:
    """All of it, packed."""
    return _Picture(analysis).packed()


class _Picture:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._columns, self._say = Columns(), Strings()
        self._cited = Cited(self._say)
        self._number = {f.id: n for n, f in enumerate(analysis.findings)}
        self._listed = Listed(analysis, self._say, self._cited)  # before the rest: their lines go first
        self._nodes = list(l.nodes(analysis))
        self._charts = charts(analysis)
        self._lane_of_container: dict[str, list[int]] = {}
        self._lane_of_pod: dict[str, list[int]] = {}

    def packed(self) -> str:
        self._node_columns()
        self._lane_columns()
        self._chart_columns()
        self._listed.columns(self._columns)
        self._marked()
        self._cited.columns(self._columns)
        life = self._analysis.life
        first = _incident(self._analysis)
        header = {
            "start": micros(life.start),
            "end": micros(life.end),
            "incident": [micros(first[0]), micros(first[1])],
            "states": l.STATES,
            "lanes": _LANES,
            "none": NONE,
            "findings": self._listed.ids,
            "strings": self._say.all,
        }
        return self._columns.pack(header)

    def _finding(self, identity: str | None) -> int:
        return NONE if identity is None else self._number.get(identity, NONE)

    def _node_columns(self) -> None:
        say, edge = self._say, self._cited.edge
        bars, marks = Lists(), Lists()
        all_bars = [b for n in self._nodes for b in n.bars]
        all_marks = [m for n in self._nodes for m in n.marks]
        for node in self._nodes:
            bars.add(range(len(bars.values), len(bars.values) + len(node.bars)))
            marks.add(range(len(marks.values), len(marks.values) + len(node.marks)))
        graves = {f.node for f in self._analysis.findings if not f.expected}
        self._columns.add("byte", node_grave=[n.name in graves for n in self._nodes])
        self._columns.add("byte", node_untold=[sum(1 << _LANES.index(x) for x in n.untold) for n in self._nodes])
        self._columns.add("int", node_name=[say(name(n.name)) for n in self._nodes], node_bars=bars.first, node_marks=marks.first)
        self._columns.add("time", nb_start=[b.start for b in all_bars], nb_end=[b.end for b in all_bars])
        self._columns.add("byte", nb_lane=[_LANES.index(b.lane) for b in all_bars], nb_state=[l.STATES.index(b.state) for b in all_bars])
        self._columns.add(
            "int",
            nb_begin=[edge(b.edges[0]) if b.edges[0] else NONE for b in all_bars],
            nb_finish=[edge(b.edges[1]) if b.edges[1] else NONE for b in all_bars],
            nb_finding=[self._finding(b.finding) for b in all_bars],
            nb_why=[say(b.why) for b in all_bars],
            mark_what=[say(m.what) for m in all_marks],
            mark_proof=[self._cited.proof(m.proof) for m in all_marks],
        )
        self._columns.add("time", mark_time=[m.time for m in all_marks])

    def _lane_columns(self) -> None:
        """Lanes by node, runs by lane, bars by run: what belongs together lies together."""
        say, edge, life = self._say, self._cited.edge, self._analysis.life
        orphans = {(f.container_id, f.start.time): self._number[f.id] for f in self._analysis.findings if f.kind is F.ORPHANED_CONTAINER}
        lanes = [x for n in self._nodes for x in n.lanes]
        node_lanes, lane_runs, run_bars = Lists(), Lists(), Lists()
        for node in self._nodes:
            node_lanes.add(range(len(node_lanes.values), len(node_lanes.values) + len(node.lanes)))
        runs = [(run, stretches) for lane in lanes for run, stretches in lane.runs]
        for at, lane in enumerate(lanes):
            lane_runs.add(range(len(lane_runs.values), len(lane_runs.values) + len(lane.runs)))
            for key in filter(None, {lane.pod.uid, f"{lane.pod.namespace}/{lane.pod.name}"}):
                self._lane_of_pod.setdefault(key, []).append(at)
            for run, _ in lane.runs:
                known = self._lane_of_container.setdefault(run.container_id, [])
                if at not in known[-1:]:
                    known.append(at)
        bars = [(s, orphans.get((run.container_id, s.orphan.start.time), NONE) if s.orphan else NONE) for run, some in runs for s in some]
        for _, some in runs:
            run_bars.add(range(len(run_bars.values), len(run_bars.values) + len(some)))
        owned = [life.owner_of(x.pod) for x in lanes]
        self._columns.add(
            "int",
            node_lanes=node_lanes.first,
            lane_runs=lane_runs.first,
            lane_pod=[say(name(x.pod.name or x.pod.uid or "?")) for x in lanes],
            lane_namespace=[say(name(x.pod.namespace)) if x.pod.namespace else NONE for x in lanes],
            lane_controller=[say(name(o.title)) if o else NONE for o in owned],
            lane_container=[say(name(x.container)) for x in lanes],
            run_bars=run_bars.first,
            run_id=[say(run.container_id[:12]) for run, _ in runs],
            run_begin=[edge(run.start, line=False) for run, _ in runs],
            run_finish=[edge(run.end, line=False) for run, _ in runs],
            run_code=[_NO_CODE if run.exit_code is None else max(min(run.exit_code, 2**31 - 1), 1 - 2**31) for run, _ in runs],
            run_reason=[say(run.end_reason) for run, _ in runs],
            bar_finding=[finding for _, finding in bars],
        )
        self._columns.add("byte", bar_state=[l.STATES.index(s.state) for s, _ in bars])
        self._columns.add("time", bar_start=[s.start for s, _ in bars], bar_end=[s.end for s, _ in bars])
        self._columns.add("time", lane_evicted=[x.pod.evicted.time if x.pod.evicted else None for x in lanes])

    def _chart_columns(self) -> None:
        steps = Lists()
        for chart in self._charts:
            steps.add(range(len(steps.values), len(steps.values) + len(chart.times)))
        self._columns.add("byte", chart_grave=[c.grave for c in self._charts])
        self._columns.add("time", step_time=[t for c in self._charts for t in c.times])
        self._columns.add(
            "int",
            chart_name=[self._say(name(c.controller.title)) for c in self._charts],
            chart_namespace=[self._say(name(c.controller.namespace)) for c in self._charts],
            chart_asked=[self._say(c.asked) for c in self._charts],
            chart_steps=steps.first,
            step_running=[n for c in self._charts for n in c.running],
            step_wanted=[n for c in self._charts for n in (c.wanted if c.wanted is not None else [NONE] * len(c.times))],
        )

    def _marked(self) -> None:
        """The lanes of containers that a finding is about, and its controller's chart."""
        found, room = Lists(), _MARKED_IN_ALL
        for finding in self._analysis.findings:
            some = sorted(self._lanes_of(finding))[: min(_MARKED, room)]
            room -= len(some)
            found.add(some)
        charted = {(c.controller.namespace, c.controller.title): n for n, c in enumerate(self._charts)}
        chart = [NONE if f.container_id else charted.get((f.namespace or "", f.controller or ""), NONE) for f in self._analysis.findings]
        self._columns.add("int", finding_lanes=found.first, finding_lane=found.values, finding_chart=chart)

    def _lanes_of(self, finding: Finding) -> set[int]:
        if finding.container_id is not None:
            return set(self._lane_of_container.get(finding.container_id, ()))
        if finding.pod is not None:
            key = finding.pod_uid if finding.pod_uid in self._lane_of_pod else f"{finding.namespace}/{finding.pod}"
            return set(self._lane_of_pod.get(key, ()))
        named = [v for value in finding.details.values() if isinstance(value, list) for v in value[:_MARKED] if isinstance(v, str)]
        if finding.controller is not None:
            return {lane for v in named for lane in self._lane_of_pod.get(f"{finding.namespace}/{v}", ())}
        return {lane for v in named for lane in self._lane_of_container.get(v, ())}


def _incident(analysis: Analysis) -> tuple[datetime, datetime]:
    """What is shown first: all unexpected findings, with room on both sides to see how it was before and after; or what was asked for."""
    life, kept = analysis.life, analysis.selection
    whole = (life.start, max(life.end, life.start + timedelta(seconds=1)))
    if kept is not None and (kept.start or kept.end):
        return max(kept.start or life.start, life.start), min(kept.end or whole[1], whole[1])
    spans = [(f.start.time or life.start, f.end.time or life.end) for f in analysis.findings if not f.expected and f.kind != F.EVIDENCE_GAP]
    if not spans:
        return whole
    low, high = min(s for s, _ in spans), max(e for _, e in spans)
    room = max((high - low) * 0.15, timedelta(seconds=5))
    return max(low - room, life.start), min(high + room, whole[1])
