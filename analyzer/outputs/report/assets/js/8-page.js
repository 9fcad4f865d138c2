/* What ties it together: the ranges of time, the controls, and the first drawing. */
const past = [];

function show(low, high, passing) {
  const most = (M.end - M.start) * 1.1 + 2 * SECOND, span = Math.min(Math.max(high - low, 20), most);
  const edge = Math.max((M.end - M.start) * 0.05, SECOND), middle = (low + high) / 2;
  const from = Math.min(Math.max(middle - span / 2, M.start - edge), M.end + edge - span);
  if (!passing && (view.low !== from || view.high !== from + span)) past.push([view.low, view.high]);
  view.low = Math.max(from, M.start - edge);
  view.high = view.low + span;
  byId("range").textContent = between(view.low, view.high, 1);
  paintSoon();
  inWordsSoon();
}

function zoom(by, time) {
  const at = time ?? (view.low + view.high) / 2;
  show(at - (at - view.low) * by, at + (view.high - at) * by);
}

/* Rows anew, and all that depends on them. */
function redo() {
  arrange();
  cursor.row = Math.min(cursor.row, rows.length - 1);
  measure();
  paintSoon();
  inWordsSoon();
  list();
}

function filter() {
  view.text = byId("search").value.trim();
  for (const name of ["node", "namespace", "controller", "kind"]) view[name] = Number(byId("by-" + name).value);
  byId("clear").disabled = !filtered();
  sift();
  gather();
  current = Math.max(items.findIndex((item) => item.finding === view.chosen), 0);
  byId("tree").scrollTop = 0;
  redo();
}

function clearFilters() {
  byId("search").value = "";
  for (const name of ["node", "namespace", "controller", "kind"]) byId("by-" + name).value = NONE;
  filter();
}

function choices() {
  const known = { node: [M.node_name, M.finding_node], namespace: [M.lane_namespace, M.chart_namespace, M.finding_namespace], controller: [M.lane_controller, M.chart_name, M.finding_controller], kind: [M.finding_kind] };
  for (const [name, columns] of Object.entries(known)) {
    const numbers = new Set();
    for (const column of columns) for (const at of column) if (at !== NONE) numbers.add(at);
    const sorted = [...numbers].sort((a, b) => (M.strings[a] < M.strings[b] ? -1 : 1));
    byId("by-" + name).append(...sorted.map((at) => element("option", { value: at }, M.strings[at])));
    byId("by-" + name).addEventListener("change", filter);
  }
}

function dressed() {
  readTheme(false);
  legend();
  paintSoon();
}

/* Times that stand in the page's own sentences. */
function rezone() {
  for (const time of document.querySelectorAll("time[data-us]")) {
    if (time.dataset.said === undefined) time.dataset.said = time.textContent;
    const said = time.dataset.said, digits = (said.split(".")[1] || "Z").length - 1, at = Number(time.dataset.us);
    if (zone === "utc") time.textContent = said;
    else time.textContent = said.length > 16 || day(at) !== new Date(at / 1000).toISOString().slice(0, 10) ? clock(at, digits) : hour(at, digits) + offset(at);
  }
  show(view.low, view.high, true);
  if (view.chosen !== NONE) details(view.chosen);
  list();
}

function pointers() {
  canvas.addEventListener("pointermove", hover);
  canvas.addEventListener("pointerleave", unhint);
  canvas.addEventListener("pointerdown", (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    if (event.pointerType === "touch") {
      if (!fingers.size) moved = false;
      if (fingers.size < 2) fingers.set(event.pointerId, x);
      canvas.setPointerCapture(event.pointerId);
      return;
    }
    if (event.button !== 0 || x < left) return;
    pressed = { x };
    canvas.setPointerCapture(event.pointerId);
    unhint();
  });
  canvas.addEventListener("pointerup", (event) => {
    const place = canvas.getBoundingClientRect();
    if (event.pointerType === "touch") {
      const alone = fingers.delete(event.pointerId) && !fingers.size;
      if (alone && !moved) tap(event.clientX - place.left, event.clientY - place.top);
      else moved = true;
      return;
    }
    const drag = dragged, { row, one } = under(event.clientX - place.left, event.clientY - place.top);
    pressed = dragged = null;
    if (drag) show(timeAt(Math.min(...drag)), timeAt(Math.max(...drag)));
    else {
      cursor.row = rows.indexOf(row);
      act(row, one);
    }
    paintSoon();
  });
  canvas.addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); moved = true; pressed = dragged = null; paintSoon(); });
  canvas.addEventListener("dblclick", back);
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY) && !event.shiftKey) return;
    event.preventDefault();
    const by = event.deltaY || event.deltaX;
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(by / 300), timeAt(event.clientX - canvas.getBoundingClientRect().left));
    else show(view.low + ((event.deltaX || event.deltaY) / 600) * (view.high - view.low), view.high + ((event.deltaX || event.deltaY) / 600) * (view.high - view.low), true);
  }, { passive: false });
  canvas.addEventListener("keydown", keyed);
  canvas.addEventListener("focus", paintSoon);
  canvas.addEventListener("blur", () => { unhint(); paintSoon(); });
}

function back() {
  const before = past.pop();
  if (before) show(before[0], before[1], true);
}

function controls() {
  const on = (id, act) => byId(id).addEventListener("click", act);
  on("incident", () => show(M.incident[0], M.incident[1]));
  on("whole", () => show(M.start, M.end));
  on("nearer", () => zoom(0.5));
  on("farther", () => zoom(2));
  on("earlier", () => show(view.low - (view.high - view.low) / 4, view.high - (view.high - view.low) / 4));
  on("later", () => show(view.low + (view.high - view.low) / 4, view.high + (view.high - view.low) / 4));
  on("back", back);
  on("clear", clearFilters);
  on("theme", () => { document.documentElement.dataset.theme = dark ? "light" : "dark"; dressed(); });
  let waiting = 0;
  byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  for (const choice of document.querySelectorAll("input[name=zone]")) choice.addEventListener("change", () => { zone = choice.value; rezone(); });
  byId("tree").addEventListener("keydown", listKeyed);
  byId("tree").addEventListener("scroll", list, { passive: true });
  box.addEventListener("scroll", () => { unhint(); paintSoon(); }, { passive: true });
  new ResizeObserver(() => { measure(); paint(); list(); }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dressed);
  addEventListener("hashchange", fromAddress);
  addEventListener("keydown", (event) => { if (event.key === "Escape") unhint(); });
  byId("details").addEventListener("keydown", (event) => { if (event.key === "Escape") choose(NONE); });
  addEventListener("beforeprint", () => printed(true));
  addEventListener("afterprint", () => printed(false));
  byId("lanes").addEventListener("toggle", () => { if (byId("lanes").open) inWords(); });
}

const SHEET = 1100, SHEETS = 6;

/* On paper the picture is light, and as many sheets as it needs. They go there as images: some browsers misplace what is drawn on a canvas. */
function printed(begins) {
  byId("words").open = begins;
  readTheme(begins);
  legend();
  const made = begins ? sheets() : [];
  byId("paper").replaceChildren(...made.slice(0, SHEETS).map((one, at) => {
    sheet = one;
    measure();
    paint();
    return element("img", { src: canvas.toDataURL(), alt: "Lanes of nodes, containers and controllers, sheet " + (at + 1) + "; the table tells the findings in words.", decoding: "sync" });
  }), made.length > SHEETS ? element("p", {}, "The other lanes are left out on paper: filter them to print them.") : "");
  sheet = null;
  measure();
  paint();
}

/* Whole rows, as many as a page takes. */
function sheets() {
  const found = [{ from: 0, to: 0 }];
  for (const one of rows) {
    const last = found[found.length - 1];
    if (one.y + one.height - last.from > SHEET) found.push({ from: one.y, to: one.y + one.height });
    else last.to = one.y + one.height;
  }
  return found;
}

function fromAddress() {
  const id = /^#(?:finding-)?([0-9a-f]{12})$/.exec(location.hash), f = id ? M.findings.indexOf(id[1]) : NONE;
  if (f === NONE || f === view.chosen) return;
  choose(f);
  byId("work").scrollIntoView({ block: "start" });
}

/* The rows of the picture as a table, for those who do not see it. */
function inWords() {
  const body = byId("lanes").querySelector("tbody"), made = [];
  let more = 0;
  for (const one of rows) {
    if (one.kind === "band" || one.kind === "tally") {
      made.push(element("tr", {}, element("td", {}, element("bdi", {}, (one.node === NONE ? "" : say(M.node_name[one.node]) + ": ") + nameOf(one))), element("td", { colspan: 3 }, one.kind === "band" ? "not told one by one: unfold the node, or filter" : "")));
    }
    for (const part of stretches(one)) {
      if (made.length >= 500) { more++; continue; }
      if (part.to < view.low || part.from > view.high) continue;
      const what = part.running === undefined ? NAMES[part.look] || part.look : part.running + " running" + (part.wanted === NONE ? "" : ", " + part.wanted + " asked for");
      made.push(element("tr", {}, element("td", {}, element("bdi", {}, nameOf(one))), element("td", {}, what), element("td", {}, clock(part.from, 3)), element("td", {}, clock(part.to, 3))));
    }
  }
  body.replaceChildren(...made);
  byId("unlisted").textContent = more ? number(more) + " more stretches are not listed: zoom or filter." : "";
}

let telling = 0;
function inWordsSoon() {
  if (!byId("lanes").open) return;
  clearTimeout(telling);
  telling = setTimeout(inWords, 200);
}

async function begin() {
  M = await unpack(byId("model").textContent);
  byId("model").remove();
  canvas = byId("canvas");
  pen = canvas.getContext("2d", { alpha: false });
  box = byId("picture");
  const local = -new Date(M.start / 1000).getTimezoneOffset();
  byId("own").textContent = "Local (UTC" + (local < 0 ? "-" : "+") + pad(Math.floor(Math.abs(local) / 60)) + ":" + pad(Math.abs(local) % 60) + ")";
  document.documentElement.dataset.ready = "drawing";
  byId("words").open = false;
  choices();
  controls();
  pointers();
  sift();
  gather();
  readTheme(false);
  legend();
  arrange();
  measure();
  show(M.incident[0], M.incident[1], true);
  paint();
  list();
  fromAddress();
  document.documentElement.dataset.ready = "true";
  // For whoever measures it: when the frame after the first drawing began, in milliseconds since the page was asked for.
  requestAnimationFrame(() => requestAnimationFrame((now) => { document.documentElement.dataset.took = String(Math.round(now)); }));
}

begin().catch((error) => {
  document.documentElement.dataset.ready = "failed";
  byId("failed").hidden = false;
  byId("failed").append(" " + error);
});
