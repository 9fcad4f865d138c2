/* The picture, on one canvas as large as what is seen of it. Single bars where there is room for them, bands of how many where there is not. */
const AXIS = 34, EDGE = 5;
let canvas, pen, box, sheet = null, width = 800, height = 400, left = 220, asked = 0, painted = null;

const across = (time) => left + ((time - view.low) / (view.high - view.low)) * (width - left);
const timeAt = (x) => view.low + ((x - left) / (width - left)) * (view.high - view.low);

function paintSoon() {
  if (!asked) asked = requestAnimationFrame(() => { asked = 0; paint(); });
}

function measure() {
  width = sheet ? 980 : box.clientWidth;
  left = Math.round(Math.min(Math.max(width * 0.27, 112), 300));
  byId("tall").style.height = total + AXIS + "px";
  height = sheet ? sheet.to - sheet.from + AXIS : Math.min(box.clientHeight, total + AXIS);
  const ratio = sheet ? 2 : Math.max(window.devicePixelRatio || 1, 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = sheet ? "auto" : height + "px";
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
}

function paint() {
  const scrolled = sheet ? sheet.from : box.scrollTop, until = scrolled + height - (sheet ? AXIS : 0);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, height);
  const marks = ticks(view.low, view.high, Math.max((width - left) / 92, 2));
  pen.fillStyle = colours.grid;
  for (const [time] of marks) pen.fillRect(Math.round(across(time)), AXIS, 1, height);
  chosenBand();
  pen.save();
  pen.beginPath();
  pen.rect(0, AXIS, width, height);
  pen.clip();
  pen.translate(0, AXIS - scrolled);
  for (let at = Math.max(rowAt(scrolled), 0); at < rows.length && rows[at].y < until; at++) PAINTERS[rows[at].kind](rows[at], at);
  if (cursor.row >= 0 && cursor.row < rows.length && document.activeElement === canvas) {
    pen.strokeStyle = colours.focus;
    pen.lineWidth = 2;
    pen.strokeRect(1, rows[cursor.row].y + 1, width - 2, rows[cursor.row].height - 2);
  }
  pen.restore();
  chosenEdges();
  axis(marks);
  if (dragged) {
    pen.fillStyle = "rgba(122,60,255,.22)";
    pen.fillRect(Math.min(dragged[0], dragged[1]), AXIS, Math.abs(dragged[1] - dragged[0]), height);
  }
  painted = performance.now();
}

/* Text in so much room: what is too long loses its middle, or (``head`` 0) its beginning. */
function text(words, x, y, room, colour, font, head = 1 / 3) {
  pen.font = font || "12px system-ui, sans-serif";
  pen.fillStyle = colour || colours.ink;
  if (pen.measureText(words).width > room) {
    let low = 1, high = words.length;
    const cut = (n) => words.slice(0, Math.ceil(n * head)) + "…" + words.slice(words.length - (n - Math.ceil(n * head)));
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(cut(middle)).width <= room) low = middle;
      else high = middle - 1;
    }
    words = cut(low);
  }
  pen.fillText(words, x, y);
  return pen.measureText(words).width;
}

function axis(marks) {
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, AXIS - 1);
  pen.fillStyle = colours.line;
  pen.fillRect(0, AXIS - 1, width, 1);
  text(zone === "utc" ? "UTC" : "UTC" + offset((view.low + view.high) / 2), 6, 13, left - 12, colours.ink, "600 12px system-ui, sans-serif");
  text(day(view.low) + (day(view.high) !== day(view.low) ? " …" : ""), 6, 27, left - 12, colours.muted, "11px system-ui, sans-serif");
  pen.textAlign = "center";
  let before = day(view.low);
  for (const [time, words] of marks) {
    const x = across(time), now = day(time);
    if (x < left + 24 || x > width - 28) continue;
    pen.fillStyle = colours.line;
    pen.fillRect(Math.round(x), AXIS - 6, 1, 5);
    text(words, x, 24, 90, colours.muted, "11px system-ui, sans-serif");
    if (now !== before && words !== now) text(now, x, 11, 90, colours.ink, "600 11px system-ui, sans-serif");
    before = now;
  }
  pen.textAlign = "left";
}

function bar(from, to, y, tall, look) {
  const a = Math.max(across(from), left), b = Math.min(across(to), width);
  if (b < left || a > width) return;
  pen.fillStyle = patterns[look];
  pen.fillRect(a, y, Math.max(b - a, 1), tall);
  if (a > left && b - a > 3) {
    pen.fillStyle = "rgba(0,0,0,.45)";
    pen.fillRect(a, y, 1, tall);
  }
}

/* What a bar says of itself, where there is room: right of ``past``, if a mark is in the way. */
function label(words, from, to, y, tall, past) {
  let a = Math.max(across(from), left) + 3;
  const b = Math.min(across(to), width) - 3;
  if (b < left || a > width || tall < 11) return;
  pen.font = small;
  const wide = pen.measureText(words).width + 8;
  if (past > a - 8 && past < a + wide + 8) a = past + 9;
  if (b - a < wide) return;
  plate(a, y + 1.5, wide, tall - 3);
  text(words, a + 4, y + tall / 2 + 4, wide, colours.ink, small);
}

/* The ground of words that stand on a pattern. */
function plate(x, y, wide, tall) {
  pen.fillStyle = colours.paper;
  pen.globalAlpha = 0.88;
  pen.beginPath();
  pen.roundRect(x, y, wide, tall, 3);
  pen.fill();
  pen.globalAlpha = 1;
}

/* A container's bars: what is narrower than a pixel is painted only if it matters more than what is there. */
function bars(lane, y, tall) {
  const [from, to] = barsOf(lane);
  let pixel = -1, rank = -1;
  for (let b = from; b < to; b++) {
    if (M.bar_end[b] < view.low || M.bar_start[b] > view.high) continue;
    const look = M.states[M.bar_state[b]], x = Math.floor(across(M.bar_start[b]));
    const narrow = across(M.bar_end[b]) - x < 1;
    if (narrow && x === pixel && RANK[look] <= rank) continue;
    pixel = x;
    rank = RANK[look];
    bar(M.bar_start[b], M.bar_end[b], y, tall, look);
  }
  const last = M.lane_runs[lane + 1];
  for (let r = M.lane_runs[lane]; r < last && tall > 5; r++) {
    const end = M.edge_time[M.run_finish[r]];
    if (end >= view.low && end <= view.high) {
      pen.fillStyle = colours.ink;
      pen.fillRect(across(end) - 1, y - 1, 2, tall + 2);
    }
  }
  const evicted = M.lane_evicted[lane];
  if (tall > 5 && evicted >= view.low && evicted <= view.high) cross(pen, across(evicted), y + tall / 2);
  for (let b = from; b < to && ROW === ROOMY; b++) {
    const look = M.states[M.bar_state[b]], [begin, end] = M.bar_finding[b] === NONE ? [M.bar_start[b], M.bar_end[b]] : spanOf(M.bar_finding[b]);
    if (look === "orphaned") label(look + " " + lasted(end - begin), M.bar_start[b], M.bar_end[b], y, tall, across(evicted));
    else if (look === "adopted") label(look, M.bar_start[b], M.bar_end[b], y, tall, across(evicted));
  }
}

/* How many containers were in which state, pixel by pixel; or each of them, if they are few enough to be told apart. */
function band(row) {
  const top = row.y + 3, tall = row.height - 6, here = [];
  const pixels = Math.max(Math.ceil(width - left), 1), scale = pixels / (view.high - view.low);
  const change = M.states.slice(0, 5).map(() => new Int32Array(pixels + 2));
  for (const node of row.nodes) {
    for (let l = M.node_lanes[node]; l < M.node_lanes[node + 1]; l++) {
      if (!laneOn[l]) continue;
      const [from, to] = barsOf(l);
      if (from === to || M.bar_start[from] > view.high || M.bar_end[to - 1] < view.low) continue;
      if (here.length <= tall / 4) here.push(l);
      for (let b = from; b < to; b++) {
        const x = (M.bar_start[b] - view.low) * scale, z = (M.bar_end[b] - view.low) * scale;
        if (z < 0 || x > pixels) continue;
        const at = x < 0 ? 0 : x | 0;
        change[M.bar_state[b]][at]++;
        change[M.bar_state[b]][Math.max(z > pixels ? pixels + 1 : z | 0, at + 1)]--;
      }
    }
  }
  if (here.length && here.length <= tall / 4) {
    const each = tall / here.length;
    here.forEach((l, at) => bars(l, top + at * each, Math.max(each - 1, 2)));
    row.most = 0;
    return;
  }
  let most = 1;
  const sums = new Int32Array(pixels), counts = change.map((changes) => {
    const values = new Int32Array(pixels);
    for (let at = 0, now = 0; at < pixels; at++) {
      now += changes[at];
      values[at] = now;
      sums[at] += now;
      if (sums[at] > most) most = sums[at];
    }
    return values;
  });
  row.most = most;
  const floor = new Float64Array(pixels);
  for (const state of [1, 0, 2, 4, 3]) {
    const values = counts[state];
    if (!values.some((v) => v)) continue;
    pen.beginPath();
    for (let at = 0; at < pixels; at++) {
      if (!values[at]) continue;
      let until = at + 1;
      while (until < pixels && values[until] === values[at] && floor[until] === floor[at]) until++;
      const high = (values[at] / most) * tall;
      pen.rect(left + at, top + tall - floor[at] - high, until - at, high);
      at = until - 1;
    }
    pen.fillStyle = patterns[M.states[state]];
    pen.fill();
    for (let at = 0; at < pixels; at++) floor[at] += (values[at] / most) * tall;
  }
}

/* Of all nodes together: how many were in a state that matters, over time. Each has a height of its own, else few of many could not be seen. */
function tally(row) {
  const top = row.y + 4, tall = row.height - 8, pixels = Math.max(Math.ceil(width - left), 1), scale = pixels / (view.high - view.low);
  const change = new Int32Array(pixels + 2), state = M.states.indexOf(row.what);
  spans(row, state, (from, to, weight) => {
    const x = (from - view.low) * scale, z = (to - view.low) * scale;
    if (z < 0 || x > pixels) return;
    const at = x < 0 ? 0 : x | 0;
    change[at] += weight;
    change[Math.max(z > pixels ? pixels + 1 : z | 0, at + 1)] -= weight;
  });
  const counts = new Int32Array(pixels);
  let most = 0;
  for (let at = 0, now = 0; at < pixels; at++) {
    counts[at] = now += change[at];
    if (now > most) most = now;
  }
  row.most = most;
  pen.fillStyle = colours.line;
  pen.fillRect(left, top + tall, width - left, 1);
  pen.beginPath();
  for (let at = 0; at < pixels; at++) {
    if (!counts[at]) continue;
    const high = Math.max((counts[at] / most) * tall, 1.5), from = at;
    while (at + 1 < pixels && counts[at + 1] === counts[from]) at++;
    pen.rect(left + from, top + tall - high, at + 1 - from, high);
  }
  pen.fillStyle = patterns[row.what];
  pen.fill();
}

/* What a tally counts: each stretch, and for how many. */
function spans(row, state, count) {
  if (row.what === "excess") {
    for (let c = 0; c < chartOn.length; c++) {
      for (let s = M.chart_steps[c]; chartOn[c] && s < M.chart_steps[c + 1] - 1; s++) {
        if (M.step_wanted[s] !== NONE && M.step_running[s] > M.step_wanted[s]) count(M.step_time[s], M.step_time[s + 1], M.step_running[s] - M.step_wanted[s]);
      }
    }
  } else if (row.what === "orphaned") {
    for (const node of row.nodes) {
      for (let l = M.node_lanes[node]; l < M.node_lanes[node + 1]; l++) {
        if (!laneOn[l]) continue;
        const [from, to] = barsOf(l);
        for (let b = from; b < to; b++) if (M.bar_state[b] === state) count(M.bar_start[b], M.bar_end[b], 1);
      }
    }
  } else {
    for (const node of row.nodes) {
      for (let b = M.node_bars[node]; b < M.node_bars[node + 1]; b++) if (M.nb_state[b] === state) count(M.nb_start[b], M.nb_end[b], 1);
    }
  }
}

function tint(row) {
  pen.fillStyle = colours.focus;
  pen.globalAlpha = 0.13;
  pen.fillRect(0, row.y, width, row.height);
  pen.globalAlpha = 1;
  pen.fillRect(0, row.y, 4, row.height);
}

const small = "11px system-ui, sans-serif";
/* On a small screen there is no room for what the hint tells too. */
const narrow = () => left < 170;
const PAINTERS = {
  title(row) {
    text(row.text, 6, row.y + row.height - 9, width - 12, colours.muted, "600 11.5px system-ui, sans-serif");
    pen.fillStyle = colours.line;
    pen.fillRect(0, row.y + row.height - 3, width, 1);
  },
  heading(row) {
    pen.fillStyle = colours.raised;
    pen.fillRect(0, row.y, width, row.height);
    const more = row.count ? row.count + (row.count === 1 ? " container" : " containers") : "no containers";
    text((row.count ? (open(row.node) ? "▾ " : "▸ ") : "   ") + say(M.node_name[row.node]), 6, row.y + row.height / 2 + 4.5, left - 12, colours.ink, "600 12.5px system-ui, sans-serif");
    text(more, left + 4, row.y + row.height / 2 + 4, width - left, colours.muted, small);
  },
  group(row) {
    text((unfolded.has(row.id) ? "▾ " : "▸ ") + row.text, 6, row.y + row.height / 2 + 4.5, width - 12, colours.ink, "600 12px system-ui, sans-serif");
  },
  bar(row) {
    text(row.of === KUBELET ? "kubelet" : "API's view", 18, row.y + row.height / 2 + 4, left - 24, colours.muted, small);
    if (M.node_untold[row.node] & (1 << row.of)) {
      bar(M.start, M.end, row.y + 3, row.height - 6, "not recorded");
      label(row.of === KUBELET ? "no log of this kubelet: unknown" : "no evidence of the API: unknown", M.start, M.end, row.y + 2, row.height - 4, NaN);
    }
    const from = M.node_bars[row.node], to = M.node_bars[row.node + 1];
    for (const holes of [false, true]) {
      for (let b = from; b < to; b++) {
        const look = M.states[M.nb_state[b]];
        if (M.nb_lane[b] !== row.of || (look === "not recorded") !== holes) continue;
        if (M.nb_end[b] < view.low || M.nb_start[b] > view.high) continue;
        bar(M.nb_start[b], M.nb_end[b], row.y + (holes ? row.height - 6 : 2), holes ? 5 : row.height - 4, look);
        if (look === "kubelet down" || look === "not Ready") label(look.replace("kubelet ", "") + " " + lasted(M.nb_end[b] - M.nb_start[b]), M.nb_start[b], M.nb_end[b], row.y + 2, row.height - 4, NaN);
      }
    }
    if (row.of !== KUBELET) return;
    for (let m = M.node_marks[row.node]; m < M.node_marks[row.node + 1]; m++) {
      const x = across(M.mark_time[m]);
      if (x >= left && x <= width) diamond(pen, x, row.y + row.height / 2);
    }
  },
  lane(row) {
    if (marked.has(row.lane)) tint(row);
    const pod = say(M.lane_pod[row.lane]), container = say(M.lane_container[row.lane]), y = row.y + row.height / 2 + 4;
    if (narrow()) text(pod.slice(pod.lastIndexOf("-") + 1) + " · " + container, 8, y, left - 12, colours.ink, small, 1);
    else text(pod + " · " + container, 18, y, left - 24, colours.ink, small, 0);
    bars(row.lane, row.y + 2, row.height - 4);
  },
  band(row) {
    band(row);
    const words = row.most ? "containers (up to " + row.most.toLocaleString("en") + ")" : "containers";
    text(words, 18, row.y + row.height / 2 + 4, left - 24, colours.muted, small);
  },
  chart: stairs,
  tally(row) {
    tally(row);
    text(TALLIED[row.what], 18, row.y + row.height / 2, left - 24, colours.ink, small);
    text(row.most ? "up to " + row.most.toLocaleString("en") : "none", 18, row.y + row.height / 2 + 12, left - 24, colours.muted, small);
  },
};

function stairs(row) {
  const c = row.chart, from = M.chart_steps[c], to = M.chart_steps[c + 1], top = row.y + 8, tall = row.height - 14;
  if (view.chosen !== NONE && M.finding_chart[view.chosen] === c) tint(row);
  const [kind, ...name] = say(M.chart_name[c]).split("/");
  text(name.join("/") || kind, 6, row.y + 17, left - 26, colours.ink, "600 12px system-ui, sans-serif");
  text((name.length && !narrow() ? kind + " " : "") + "in " + say(M.chart_namespace[c]), 6, row.y + 32, left - 26, colours.muted, small);
  if (!narrow()) text("asked for: " + say(M.chart_asked[c]), 6, row.y + 46, left - 26, colours.muted, small);
  const pixels = Math.ceil(width - left), run = new Int32Array(pixels).fill(-1), want = new Int32Array(pixels).fill(-1);
  let s = Math.max(after(M.step_time, view.low, from, to) - 1, from), most = 1;
  for (; s < to - 1 && M.step_time[s] <= view.high; s++) {
    const a = Math.max(Math.floor(across(M.step_time[s]) - left), 0), b = Math.min(Math.max(Math.floor(across(M.step_time[s + 1]) - left), a + 1), pixels);
    const running = M.step_running[s], wanted = M.step_wanted[s], excess = Math.abs(running - wanted);
    for (let at = a; at < b; at++) {
      if (run[at] !== -1 && Math.abs(run[at] - want[at]) >= excess) continue;
      run[at] = running;
      want[at] = wanted;
    }
    if (a < pixels) most = Math.max(most, running, wanted);
  }
  const y = (value) => top + tall - (value / (most * 1.08)) * tall;
  for (const look of ["excess", "shortfall"]) {
    pen.beginPath();
    for (let at = 0; at < pixels; at++) {
      if (want[at] < 0 || (look === "excess" ? run[at] <= want[at] : run[at] >= want[at])) continue;
      const high = Math.max(run[at], want[at]), low = Math.min(run[at], want[at]);
      let until = at;
      while (until < pixels && run[until] === run[at] && want[until] === want[at]) until++;
      pen.rect(left + at, y(high), until - at, y(low) - y(high));
      at = until - 1;
    }
    pen.fillStyle = patterns[look];
    pen.fill();
  }
  pen.fillStyle = colours.line;
  pen.fillRect(left, y(0), width - left, 1);
  line(want, y, colours.asked, 1.5, [5, 4]);
  line(run, y, colours.runs, 2.2, []);
  differences(run, want, y);
  pen.textAlign = "right";
  text(String(most), left - 5, y(most) + 5, 40, colours.muted, small);
  text("0", left - 5, y(0) + 3, 40, colours.muted, small);
  pen.textAlign = "left";
}

/* By how many there were more than asked for, or fewer, where there is room to say it. */
function differences(run, want, y) {
  pen.textAlign = "center";
  for (let at = 0, until; at < run.length; at = until) {
    for (until = at + 1; until < run.length && run[until] === run[at] && want[until] === want[at];) until++;
    if (want[at] < 0 || run[at] === want[at] || until - at < 26) continue;
    const middle = left + (at + until) / 2, high = (y(run[at]) + y(want[at])) / 2;
    if (Math.abs(y(run[at]) - y(want[at])) < 14) continue;
    plate(middle - 11, high - 7, 22, 14);
    text((run[at] > want[at] ? "+" : "−") + Math.abs(run[at] - want[at]), middle, high + 4, 40, colours.ink, "600 11px system-ui, sans-serif");
  }
  pen.textAlign = "left";
}

function line(values, y, colour, thick, dashes) {
  pen.beginPath();
  let before = -1;
  for (let at = 0; at < values.length; at++) {
    if (values[at] < 0) { before = -1; continue; }
    if (before < 0) pen.moveTo(left + at, y(values[at]));
    else if (values[at] !== before) { pen.lineTo(left + at, y(before)); pen.lineTo(left + at, y(values[at])); }
    before = values[at];
    if (at === values.length - 1 || values[at + 1] < 0) pen.lineTo(left + at + 1, y(before));
  }
  pen.setLineDash(dashes);
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.stroke();
  pen.setLineDash([]);
}

/* The finding that is chosen, over all lanes: from when to when, and between which moments its edges surely lie. */
function spanOf(finding) {
  const begin = M.edge_time[M.finding_begin[finding]], end = M.edge_time[M.finding_finish[finding]];
  const low = Number.isNaN(begin) ? M.start : begin;
  return [low, Math.max(Number.isNaN(end) ? M.end : end, low)];
}

function chosenBand() {
  if (view.chosen === NONE) return;
  const [low, high] = spanOf(view.chosen), a = Math.max(across(low), left), b = Math.min(across(high), width);
  if (b < left || a > width) return;
  pen.fillStyle = colours.focus;
  pen.globalAlpha = 0.1;
  pen.fillRect(a, AXIS, Math.max(b - a, 1), height);
  pen.globalAlpha = 1;
}

function chosenEdges() {
  if (view.chosen === NONE) return;
  for (const edge of [M.finding_begin[view.chosen], M.finding_finish[view.chosen]]) {
    const time = M.edge_time[edge], low = across(M.edge_low[edge]), high = across(M.edge_high[edge]);
    if (Number.isNaN(time)) continue;
    pen.fillStyle = colours.focus;
    const x = across(time);
    if (x >= left && x <= width) pen.fillRect(x - 0.75, AXIS, 1.5, height);
    if (high - low > 2 && high > left && low < width) {
      pen.globalAlpha = 0.22;
      pen.fillRect(Math.max(low, left), AXIS, Math.min(high, width) - Math.max(low, left), height);
      pen.globalAlpha = 1;
    }
  }
}
