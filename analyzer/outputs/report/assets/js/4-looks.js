/* How states look: colours after Okabe and Ito's palette, which the colour-blind can tell apart; a pattern says the same once more. */
const LOOKS = {
  "running": ["#b4bcc4", "#5f6973", "dash"], "supervised": ["#9cc0dc", "#3d6785", ""], "adopted": ["#0072b2", "#3f97d0", "dot"],
  "orphaned": ["#f0a818", "#e69f00", "up"], "being removed": ["#d58bb4", "#c06c9d", "cross"], "kubelet up": ["#6fc2a3", "#2c7a5c", ""],
  "kubelet down": ["#d55e00", "#e06a10", "down"], "Ready": ["#b3ddcf", "#2a5a4c", ""], "not Ready": ["#dcb84e", "#b98f25", "plus"],
  "not recorded": ["#e9ebee", "#2b3138", "hole"], "excess": ["#f6c3a0", "#a84b06", "up"], "shortfall": ["#dfe3e8", "#3a424c", "dash"],
};
const NAMES = { "running": "running, supervision unknown", "not Ready": "API: not Ready", "Ready": "API: Ready", "excess": "more than asked for", "shortfall": "fewer than asked for" };
/* Later ones are painted over earlier ones where there is no room for both. */
const RANK = { "supervised": 0, "running": 1, "adopted": 2, "being removed": 3, "orphaned": 4, "Ready": 0, "kubelet up": 0, "not recorded": 1, "not Ready": 2, "kubelet down": 2 };

let dark = false, colours = {}, patterns = {};

function readTheme(paper) {
  const chosen = document.documentElement.dataset.theme;
  dark = !paper && (chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const style = getComputedStyle(document.documentElement);
  colours = {};
  for (const name of ["paper", "raised", "ink", "muted", "line", "grid", "focus", "asked", "runs"]) colours[name] = style.getPropertyValue("--" + name).trim();
  if (paper) Object.assign(colours, { paper: "#ffffff", raised: "#f3f4f6", ink: "#111111", muted: "#555555", line: "#bbbbbb", grid: "#e2e2e2", focus: "#6a2be0", asked: "#111111", runs: "#005a8c" });
  patterns = {};
  for (const name of Object.keys(LOOKS)) patterns[name] = pattern(name);
}

function pattern(name) {
  const [light, night, mark] = LOOKS[name];
  const ratio = 2, tile = document.createElement("canvas"), size = mark === "hole" ? 6 : 8;
  tile.width = tile.height = size * ratio;
  const pen = tile.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = dark ? night : light;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = pen.fillStyle = mark === "hole" ? (dark ? "#79838f" : "#8b95a1") : dark ? "rgba(0,0,0,.5)" : "rgba(0,0,0,.42)";
  pen.lineWidth = 1.4;
  pen.beginPath();
  if (mark === "up" || mark === "cross" || mark === "hole") for (const x of [-size, 0, size]) { pen.moveTo(x, size); pen.lineTo(x + size, 0); }
  if (mark === "down" || mark === "cross") for (const x of [-size, 0, size]) { pen.moveTo(x, 0); pen.lineTo(x + size, size); }
  if (mark === "dash") { pen.moveTo(0, size / 2); pen.lineTo(size / 2, size / 2); }
  if (mark === "plus") { pen.moveTo(size / 2, 1.5); pen.lineTo(size / 2, size - 1.5); pen.moveTo(1.5, size / 2); pen.lineTo(size - 1.5, size / 2); }
  pen.stroke();
  if (mark === "dot") { pen.beginPath(); pen.arc(size / 2, size / 2, 1.3, 0, 7); pen.fillStyle = "rgba(255,255,255,.8)"; pen.fill(); }
  const made = document.createElement("canvas").getContext("2d").createPattern(tile, "repeat");
  made.setTransform(new DOMMatrix().scale(1 / ratio));
  return made;
}

function legend() {
  const used = new Set();
  for (const column of [M.bar_state, M.nb_state]) for (const state of new Set(column)) used.add(M.states[state]);
  if (M.node_untold.some((lanes) => lanes)) used.add("not recorded");
  for (let s = 0; s < M.step_wanted.length; s++) {
    if (M.step_wanted[s] !== NONE && M.step_running[s] > M.step_wanted[s]) used.add("excess");
    if (M.step_wanted[s] > M.step_running[s]) used.add("shortfall");
  }
  const swatch = (words, draw, bare) => {
    const shown = element("canvas", { width: 52, height: 24, "aria-hidden": "true", class: bare ? "bare" : null }), on = shown.getContext("2d");
    on.scale(2, 2);
    draw(on);
    return element("li", {}, shown, words);
  };
  const states = Object.keys(LOOKS).filter((name) => used.has(name)).map((name) => swatch(NAMES[name] || name, (on) => {
    on.fillStyle = patterns[name];
    on.fillRect(0, 0, 26, 12);
  }));
  const lines = M.chart_name.length ? [["pods running", colours.runs, 2.2, []], ["asked for", colours.asked, 1.5, [5, 4]]] : [];
  const marks = [
    ["container ended", M.run_finish.some((edge) => !Number.isNaN(M.edge_time[edge])), (on) => { on.fillStyle = colours.ink; on.fillRect(12, 0, 2, 12); }],
    ["pod evicted", M.lane_evicted.some((time) => !Number.isNaN(time)), (on) => cross(on, 13, 6)],
    ["kubelet: Recovery completed", M.mark_time.length, (on) => diamond(on, 13, 6)],
  ];
  byId("legend").replaceChildren(...states, ...lines.map(([words, colour, thick, dashes]) => swatch(words, (on) => {
    on.strokeStyle = colour;
    on.lineWidth = thick;
    on.setLineDash(dashes);
    on.beginPath();
    on.moveTo(0, 6);
    on.lineTo(26, 6);
    on.stroke();
  }, true)), ...marks.filter(([, is]) => is).map(([words, , draw]) => swatch(words, draw, true)));
}

/* The moment a pod was evicted. */
function cross(on, x, y) {
  on.lineWidth = 4.5;
  on.strokeStyle = colours.paper;
  for (let turn = 0; turn < 2; turn++) {
    on.beginPath();
    on.moveTo(x - 4, y - 4);
    on.lineTo(x + 4, y + 4);
    on.moveTo(x - 4, y + 4);
    on.lineTo(x + 4, y - 4);
    on.stroke();
    on.lineWidth = 2;
    on.strokeStyle = dark ? "#ff8d8d" : "#b00000";
  }
}

/* A moment that a kubelet tells of itself. */
function diamond(on, x, y) {
  on.beginPath();
  for (const [a, b] of [[0, -6], [5, 0], [0, 6], [-5, 0]]) on.lineTo(x + a, y + b);
  on.closePath();
  on.fillStyle = "#f0e442";
  on.strokeStyle = "#222222";
  on.lineWidth = 1.2;
  on.fill();
  on.stroke();
}
