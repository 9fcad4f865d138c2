/* What lies under the pointer, or under the cursor that the arrow keys move: said in a hint, and to screen readers. */
const cursor = { row: -1, at: 0 };
let dragged = null, pressed = null, moved = false;
const fingers = new Map();

/* A row's stretches, in order: from, to, look, the finding, and the edges that bound it. */
function stretches(row) {
  const found = [];
  if (row.kind === "bar") {
    for (let b = M.node_bars[row.node]; b < M.node_bars[row.node + 1]; b++) {
      if (M.nb_lane[b] !== row.of) continue;
      found.push({ from: M.nb_start[b], to: M.nb_end[b], look: M.states[M.nb_state[b]], finding: M.nb_finding[b], begin: M.nb_begin[b], finish: M.nb_finish[b], why: say(M.nb_why[b]) });
    }
    found.sort((a, b) => a.from - b.from);
  } else if (row.kind === "lane") {
    for (let r = M.lane_runs[row.lane]; r < M.lane_runs[row.lane + 1]; r++) {
      for (let b = M.run_bars[r]; b < M.run_bars[r + 1]; b++) {
        const finding = M.bar_finding[b], from = M.bar_start[b], to = M.bar_end[b];
        const known = finding === NONE ? [] : [M.finding_begin[finding], M.finding_finish[finding]];
        const edge = (run, time) => [...known, M[run][r]].find((e) => M.edge_time[e] === time) ?? NONE;
        found.push({ from, to, look: M.states[M.bar_state[b]], finding, begin: edge("run_begin", from), finish: edge("run_finish", to), run: r });
      }
    }
  } else if (row.kind === "chart") {
    for (let s = M.chart_steps[row.chart]; s < M.chart_steps[row.chart + 1] - 1; s++) {
      found.push({ from: M.step_time[s], to: M.step_time[s + 1], running: M.step_running[s], wanted: M.step_wanted[s], finding: NONE, begin: NONE, finish: NONE });
    }
  }
  return found;
}

function nameOf(row) {
  if (row.kind === "bar") return say(M.node_name[row.node]) + ", " + (row.of === KUBELET ? "kubelet" : "API's view");
  if (row.kind === "lane") return say(M.lane_pod[row.lane]) + " · " + say(M.lane_container[row.lane]) + " on " + say(M.node_name[row.node]);
  if (row.kind === "chart") return say(M.chart_name[row.chart]);
  if (row.kind === "heading") return say(M.node_name[row.node]) + ", " + row.count + " containers" + (row.count ? (open(row.node) ? ", unfolded" : ", folded") : "");
  if (row.kind === "tally") return TALLIED[row.what] + ", up to " + (row.most || 0);
  if (row.kind === "band") return (row.count ?? "all") + " containers, in one band";
  return row.text + (row.kind === "group" ? (unfolded.has(row.id) ? ", unfolded" : ", folded") : "");
}

/* What is told of a stretch, a line each; of one of its edges if that is meant: "begin", "finish". */
function describe(row, one, edge) {
  const lines = [nameOf(row)];
  if (one.running !== undefined) {
    lines.push(one.running + " running" + (one.wanted === NONE ? "; how many were asked for is not known" : ", " + one.wanted + " asked for"));
  } else lines.push((NAMES[one.look] || one.look) + (one.why ? ": " + one.why : ""));
  lines.push(clock(one.from, 3) + " to " + clock(one.to, 3) + " (" + lasted(one.to - one.from) + ")");
  if (one.run !== undefined) {
    const code = M.run_code[one.run];
    lines.push("container " + say(M.run_id[one.run]) + (code > -2147483648 ? ", exit code " + code : "") + (M.run_reason[one.run] !== NONE ? ", end: " + say(M.run_reason[one.run]) : ""));
  }
  if (edge && one[edge] !== NONE) lines.push(...edgeLines(one[edge], edge === "begin" ? "Begins" : "Ends"));
  else if (one.finding !== NONE) lines.push("Finding: " + say(M.finding_kind[one.finding]));
  return lines;
}

function boundsOf(edge) {
  const [time, low, high] = [M.edge_time[edge], M.edge_low[edge], M.edge_high[edge]];
  if (time === low && time === high) return "known to the microsecond";
  const bound = (moment, words) => (Number.isNaN(moment) ? "nothing bounds it " + words : clock(moment));
  return "surely between " + bound(low, "below") + " and " + bound(high, "above");
}

function edgeLines(edge, word) {
  const lines = [word + " " + clock(M.edge_time[edge]) + ", " + boundsOf(edge)];
  if (M.edge_rule[edge] !== NONE) lines.push(say(M.edge_rule[edge]) + ".");
  for (let at = M.edge_first[edge]; at < M.edge_first[edge + 1]; at++) {
    const proof = M.edge_proof[at];
    lines.push(placeOf(proof) + " " + say(M.proof_proves[proof]));
    if (M.proof_text[proof] !== NONE) lines.push("    " + say(M.proof_text[proof]).slice(0, 300));
  }
  return lines;
}

const placeOf = (proof) => (M.proof_line[proof] === NONE ? say(M.proof_place[proof]) : say(M.proof_source[proof]) + ":" + M.proof_line[proof]);

/* The row at a place of the canvas, and the stretch there; near one of its edges, that edge. */
function under(x, y) {
  const row = rows[rowAt(y - AXIS + box.scrollTop)];
  if (!row || y < AXIS || x < left) return { row: y < AXIS ? null : row };
  const time = timeAt(x), slack = (EDGE * (view.high - view.low)) / (width - left);
  let best = null;
  for (const one of stretches(row)) {
    for (const edge of ["begin", "finish"]) {
      const off = Math.abs((edge === "begin" ? one.from : one.to) - time);
      if (one[edge] !== NONE && off <= slack && (!best || !best.edge || off < best.off)) best = { row, one, edge, off };
    }
    if (!(best && best.edge) && time >= one.from && time < one.to) best = { row, one };
  }
  return best || { row };
}

function hint(lines, x, y) {
  const shown = byId("hint");
  shown.replaceChildren(...lines.map((line, at) => element(at ? "span" : "strong", line.startsWith("    ") ? { class: "raw" } : {}, line.trim())));
  shown.hidden = false;
  const outer = box.getBoundingClientRect(), size = shown.getBoundingClientRect();
  const wide = document.documentElement.clientWidth;
  const at = Math.min(Math.max(outer.left + x + 14, 6), Math.max(wide - size.width - 6, 6));
  const low = outer.top + y + 18 + size.height > innerHeight ? Math.max(outer.top + y - size.height - 12, 4) : outer.top + y + 18;
  shown.style.left = at + "px";
  shown.style.top = low + "px";
}

const unhint = () => { byId("hint").hidden = true; };

function hover(event) {
  const place = canvas.getBoundingClientRect(), x = event.clientX - place.left, y = event.clientY - place.top;
  if (event.pointerType === "touch") {
    if (fingers.has(event.pointerId)) finger(event.pointerId, x);
    return;
  }
  if (pressed) {
    if (Math.abs(x - pressed.x) > 3) {
      dragged = [Math.max(pressed.x, left), Math.max(x, left)];
      paintSoon();
    }
    return;
  }
  const { row, one, edge } = under(x, y);
  canvas.style.cursor = row && (row.kind === "group" || (row.kind === "heading" && row.count) || (one && one.finding !== NONE)) ? "pointer" : x > left ? "crosshair" : "default";
  if (one) hint(describe(row, one, edge), x, y);
  else if (row && row.kind === "band" && x > left) hint(counted(row, timeAt(x)), x, y);
  else if (row && row.kind === "tally" && x > left) hint(tallied(row, timeAt(x)), x, y);
  else if (row && x < left && row.kind !== "title") hint([nameOf(row)], x, y);
  else unhint();
}

/* One finger pans, two zoom: the moments under them stay under them. Up and down is the browser's. */
function finger(id, x) {
  const before = [...fingers.values()];
  if (!moved && before.length === 1 && Math.abs(x - before[0]) < 6) return;
  if (!moved) past.push([view.low, view.high]);
  moved = true;
  unhint();
  fingers.set(id, x);
  const now = [...fingers.values()], scale = (view.high - view.low) / (width - left);
  if (now.length === 1) show(view.low + (before[0] - x) * scale, view.high + (before[0] - x) * scale, true);
  else if (Math.abs(now[1] - now[0]) > 16 && Math.sign(now[1] - now[0]) === Math.sign(before[1] - before[0])) {
    const span = ((timeAt(before[1]) - timeAt(before[0])) / (now[1] - now[0])) * (width - left), low = timeAt(before[0]) - ((now[0] - left) * span) / (width - left);
    show(low, low + span, true);
  }
}

/* A tap does what a click does; where there is nothing to open, it tells what the pointer would be told. */
function tap(x, y) {
  const { row, one, edge } = under(x, y);
  cursor.row = rows.indexOf(row);
  if (one && one.finding === NONE) hint(describe(row, one, edge), x, y);
  else {
    unhint();
    act(row, one);
  }
  paintSoon();
}

function counted(row, time) {
  const counts = {};
  for (const node of row.nodes) {
    for (let l = M.node_lanes[node]; l < M.node_lanes[node + 1]; l++) {
      if (!laneOn[l]) continue;
      const [from, to] = barsOf(l), b = after(M.bar_start, time, from, to) - 1;
      if (b >= from && M.bar_end[b] > time) counts[M.states[M.bar_state[b]]] = (counts[M.states[M.bar_state[b]]] || 0) + 1;
    }
  }
  const told = Object.entries(counts).map(([look, n]) => n + " " + (NAMES[look] || look));
  return [row.nodes.length === 1 ? say(M.node_name[row.nodes[0]]) + ": containers" : row.nodes.length + " nodes: containers", clock(time, 3), ...(told.length ? told : ["none ran"])];
}

function tallied(row, time) {
  let sum = 0;
  spans(row, M.states.indexOf(row.what), (from, to, weight) => { if (from <= time && time < to) sum += weight; });
  return [TALLIED[row.what], clock(time, 3), String(sum)];
}

function act(row, one) {
  if (!row) return;
  if (one && one.finding !== NONE) choose(one.finding);
  else if (row.kind === "heading" && row.count) { fold(row); }
  else if (row.kind === "group") {
    if (!unfolded.delete(row.id)) unfolded.add(row.id);
    redo();
  }
}

function fold(row) {
  if (open(row.node)) { unfolded.delete(row.node); folded.add(row.node); }
  else { unfolded.add(row.node); folded.delete(row.node); }
  redo();
}

/* The keys of the picture: up and down by lanes, left and right by stretches, Enter opens; + and - zoom, with Shift the arrows pan. */
function keyed(event) {
  const span = view.high - view.low;
  const pan = (by) => show(view.low + by * span, view.high + by * span);
  const keys = {
    ArrowDown: () => move(1), ArrowUp: () => move(-1), ArrowRight: () => (event.shiftKey ? pan(0.25) : step(1)), ArrowLeft: () => (event.shiftKey ? pan(-0.25) : step(-1)),
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(M.incident[0], M.incident[1]), Enter: () => act(rows[cursor.row], stretches(rows[cursor.row])[cursor.at]),
    " ": () => act(rows[cursor.row]), Escape: () => { unhint(); choose(NONE); }, Home: () => move(-Infinity), End: () => move(Infinity), PageDown: () => move(12), PageUp: () => move(-12),
  };
  if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (cursor.row < 0) cursor.row = 0;
  keys[event.key]();
}

function move(by) {
  const way = Math.sign(by);
  cursor.row = Math.min(Math.max(cursor.row + by, 0), rows.length - 1);
  while (rows[cursor.row].kind === "title" && rows[cursor.row + way]) cursor.row += way;
  const row = rows[cursor.row], some = stretches(row);
  cursor.at = Math.max(some.findIndex((one) => one.to > view.low), 0);
  if (row.y < box.scrollTop) box.scrollTop = row.y;
  if (row.y + row.height > box.scrollTop + height - AXIS) box.scrollTop = row.y + row.height - height + AXIS;
  tell(row, some);
}

function step(by) {
  const row = rows[cursor.row], some = stretches(row);
  cursor.at = Math.min(Math.max(cursor.at + by, 0), Math.max(some.length - 1, 0));
  tell(row, some);
}

function tell(row, some) {
  const one = some[cursor.at];
  const lines = one ? describe(row, one, one.begin !== NONE ? "begin" : "finish") : [nameOf(row)];
  byId("said").textContent = lines.join(". ") + (one ? ". " + (cursor.at + 1) + " of " + some.length : "");
  if (one && (one.to < view.low || one.from > view.high)) show(one.from - (view.high - view.low) / 2, one.from + (view.high - view.low) / 2);
  else paintSoon();
  if (one) hint(lines, Math.max(across(Math.max(one.from, view.low)), left), AXIS + row.y - box.scrollTop + row.height - 14);
  else unhint();
}
