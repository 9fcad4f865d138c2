/* What is shown: filters, which nodes are unfolded, and the rows that this makes, from top to bottom. */
const DENSE = { tally: 36, heading: 24, bar: 17, lane: 15, chart: 66, group: 24, band: 46, title: 30 };
const ROOMY = { tally: 34, heading: 28, bar: 22, lane: 20, chart: 84, group: 26, band: 56, title: 34 };
let ROW = DENSE;
const TALLIES = ["kubelet down", "not Ready", "orphaned", "excess"];
const TALLIED = { "kubelet down": "kubelets down", "not Ready": "nodes not Ready", "orphaned": "containers orphaned", "excess": "pods more than asked for" };
const NODES_SHOWN = 8, CHARTS_SHOWN = 8, FEW_LANES = 60;
const KUBELET = 0, API = 1, RUNTIME = 2;

const view = { low: 0, high: 1, chosen: NONE, text: "", node: NONE, namespace: NONE, controller: NONE, kind: NONE };
const unfolded = new Set(), folded = new Set();
let rows = [], total = 0, laneOn = null, nodeOn = null, chartOn = null, findingOn = null, lanesShown = 0, marked = new Set();

const lanesOf = (node) => [M.node_lanes[node], M.node_lanes[node + 1]];
const barsOf = (lane) => [M.run_bars[M.lane_runs[lane]], M.run_bars[M.lane_runs[lane + 1]]];
const filtered = () => Boolean(view.text) || view.node !== NONE || view.namespace !== NONE || view.controller !== NONE || view.kind !== NONE;

/* Which texts hold what is searched for: each is looked at once. */
function searcher(text) {
  const asked = text.toLowerCase(), known = new Int8Array(M.strings.length);
  return (at) => {
    if (at === NONE) return false;
    if (!known[at]) known[at] = M.strings[at].toLowerCase().includes(asked) ? 1 : -1;
    return known[at] === 1;
  };
}

function sift() {
  const found = view.text ? searcher(view.text) : null, lanes = M.lane_pod.length, nodes = M.node_name.length, ids = M.findings;
  const names = ["summary", "node", "namespace", "controller", "pod", "container", "container_id", "uid", "kind"].map((n) => M["finding_" + n]);
  findingOn = new Uint8Array(ids.length);
  for (let f = 0; f < ids.length; f++) {
    findingOn[f] = (view.node === NONE || M.finding_node[f] === view.node) && (view.namespace === NONE || M.finding_namespace[f] === view.namespace)
      && (view.controller === NONE || M.finding_controller[f] === view.controller) && (view.kind === NONE || M.finding_kind[f] === view.kind)
      && (!found || names.some((column) => found(column[f])) || ids[f].startsWith(view.text));
  }
  let ofKind = null, nodesOfKind = null, chartsOfKind = null;
  if (view.kind !== NONE) {
    ofKind = new Uint8Array(lanes);
    nodesOfKind = new Set();
    chartsOfKind = new Set();
    for (let f = 0; f < ids.length; f++) {
      if (M.finding_kind[f] !== view.kind) continue;
      for (let at = M.finding_lanes[f]; at < M.finding_lanes[f + 1]; at++) ofKind[M.finding_lane[at]] = 1;
      nodesOfKind.add(M.finding_node[f]);
      chartsOfKind.add(M.finding_chart[f]);
    }
  }
  laneOn = new Uint8Array(lanes);
  nodeOn = new Uint8Array(nodes);
  lanesShown = 0;
  const ofPods = view.namespace !== NONE || view.controller !== NONE;
  for (let n = 0; n < nodes; n++) {
    const here = view.node === NONE || M.node_name[n] === view.node, named = found && found(M.node_name[n]);
    let some = 0;
    for (let l = M.node_lanes[n]; here && l < M.node_lanes[n + 1]; l++) {
      if ((view.namespace !== NONE && M.lane_namespace[l] !== view.namespace) || (view.controller !== NONE && M.lane_controller[l] !== view.controller)) continue;
      if (ofKind && !ofKind[l]) continue;
      if (found && !named && !found(M.lane_pod[l]) && !found(M.lane_container[l]) && !found(M.lane_controller[l]) && !found(M.lane_namespace[l]) && !idFound(found, l)) continue;
      laneOn[l] = 1;
      some++;
    }
    lanesShown += some;
    nodeOn[n] = here && (some > 0 || (!ofPods && (!found || named) && (!nodesOfKind || nodesOfKind.has(M.node_name[n]))));
  }
  chartOn = Uint8Array.from(M.chart_name, (name, c) => (view.namespace === NONE || M.chart_namespace[c] === view.namespace)
    && (view.controller === NONE || name === view.controller) && (!found || found(name) || found(M.chart_namespace[c]))
    && (!chartsOfKind || chartsOfKind.has(c)));
}

function idFound(found, lane) {
  for (let r = M.lane_runs[lane]; r < M.lane_runs[lane + 1]; r++) if (found(M.run_id[r])) return true;
  return false;
}

const open = (node) => unfolded.has(node) || (lanesShown <= FEW_LANES && !folded.has(node));

/* Rows anew: after a filter, or when something is folded or unfolded. */
function arrange() {
  rows = [];
  total = 0;
  const add = (kind, height, more) => {
    rows.push({ kind, y: total, height, node: NONE, lane: NONE, chart: NONE, ...more });
    total += height;
  };
  const nodes = [], charts = [];
  for (let n = 0; n < nodeOn.length; n++) if (nodeOn[n]) nodes.push(n);
  for (let c = 0; c < chartOn.length; c++) if (chartOn[c]) charts.push(c);
  const { first, rest } = divided(nodes, NODES_SHOWN, M.node_grave, (n) => unfolded.has(n) || chosenOf(n));
  ROW = lanesShown <= 16 && nodes.length <= 3 && charts.length <= 4 ? ROOMY : DENSE;
  if (nodes.length > NODES_SHOWN) {
    add("title", ROW.title, { text: "All " + nodes.length.toLocaleString("en") + " nodes" });
    for (const what of TALLIES) add("tally", ROW.tally, { what, nodes });
    add("band", ROW.band, { nodes });
  }
  if (nodes.length) add("title", ROW.title, { text: nodes.length > NODES_SHOWN ? "Nodes with findings first" : "Nodes" });
  for (const node of first) addNode(node, add);
  if (rest.length) {
    add("group", ROW.group, { id: "nodes", text: told(rest, "more nodes", M.node_grave) });
    if (unfolded.has("nodes")) for (const node of rest) addNode(node, add);
    else add("band", ROW.band, { nodes: rest });
  }
  const some = divided(charts, CHARTS_SHOWN, M.chart_grave, (c) => view.chosen !== NONE && M.finding_chart[view.chosen] === c);
  if (charts.length) add("title", ROW.title, { text: "Controllers: pods running, and asked for" });
  for (const chart of some.first) add("chart", ROW.chart, { chart });
  if (some.rest.length) {
    add("group", ROW.group, { id: "charts", text: told(some.rest, "more controllers", M.chart_grave) });
    if (unfolded.has("charts")) for (const chart of some.rest) add("chart", ROW.chart, { chart });
  }
  if (!rows.length) add("title", ROW.title, { text: "Nothing matches." });
}

/* Those that are shown at once: the grave ones, as far as there is room, and those that must be; all, if they are few. */
function divided(all, most, grave, must) {
  if (all.length <= most) return { first: all, rest: [] };
  const wanted = all.filter((x) => grave[x]);
  const kept = new Set((wanted.length ? wanted : all).slice(0, most).concat(all.filter(must)));
  return { first: all.filter((x) => kept.has(x)), rest: all.filter((x) => !kept.has(x)) };
}

function chosenOf(node) {
  return view.chosen !== NONE && M.finding_node[view.chosen] === M.node_name[node];
}

function told(some, noun, grave) {
  const bad = some.filter((x) => grave[x]).length;
  return some.length.toLocaleString("en") + " " + noun + (bad ? ", " + bad + " of them with findings" : ", nothing found there");
}

function addNode(node, add) {
  const [from, to] = lanesOf(node);
  let count = 0;
  for (let l = from; l < to; l++) count += laneOn[l];
  add("heading", ROW.heading, { node, count });
  add("bar", ROW.bar, { node, of: KUBELET });
  add("bar", ROW.bar, { node, of: API });
  if (!count) return;
  if (open(node)) for (let l = from; l < to; l++) { if (laneOn[l]) add("lane", ROW.lane, { node, lane: l }); }
  else add("band", Math.min(ROW.band, 16 + 4 * count), { node, nodes: [node], count });
}

/* The number of the row at a height. */
function rowAt(y) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].y <= y) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
