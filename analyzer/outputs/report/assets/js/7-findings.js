/* The list of findings: a tree of kinds, of which only the rows that are seen are in the page; and the details of the one that is chosen. */
const ITEM = 76, GROUP = 34, SEVERITIES = ["critical", "warning", "info"], SIGNS = ["■", "▲", "●"];
const closed = new Set();
const number = (n) => n.toLocaleString("en");
let items = [], current = 0, tall = 0, order = null;

/* Groups by kind, the gravest first; what is by design comes last. A tree of many begins closed. */
function gather() {
  const groups = new Map();
  order = order || Array.from(M.findings.keys()).sort((a, b) => M.finding_expected[a] - M.finding_expected[b] || a - b);
  for (const f of order) {
    if (!findingOn[f]) continue;
    const key = M.finding_expected[f] + say(M.finding_kind[f]);
    if (!groups.has(key)) groups.set(key, { key, kind: say(M.finding_kind[f]), expected: M.finding_expected[f], some: [] });
    groups.get(key).some.push(f);
  }
  items = [];
  tall = 0;
  const put = (item, height) => { items.push({ ...item, y: tall, height }); tall += height; };
  let place = 0;
  for (const group of groups.values()) {
    const head = items.length;
    place++;
    put({ group, finding: NONE, level: 1, place, of: groups.size }, GROUP);
    if (!isOpen(group)) continue;
    group.some.forEach((f, at) => put({ group, finding: f, level: 2, head, place: at + 1, of: group.some.length }, ITEM));
  }
  const count = findingOn.reduce((sum, on) => sum + on, 0);
  byId("matches").textContent = count === M.findings.length ? number(count) + " findings" : number(count) + " of " + number(M.findings.length) + " findings match";
}

/* Closed is what is by design, and what is many, until the reader says otherwise. */
const isOpen = (group) => closed.has(group.key) !== (!group.expected && group.some.length <= 60);

function list() {
  const tree = byId("tree"), from = tree.scrollTop, to = from + tree.clientHeight;
  const space = tree.firstElementChild;
  space.style.height = tall + "px";
  let at = Math.max(items.findIndex((item) => item.y + item.height > from - 200), 0);
  const made = [];
  for (; at < items.length && items[at].y < to + 200; at++) made.push(row(items[at], at));
  space.replaceChildren(...made);
  if (items.length) tree.setAttribute("aria-activedescendant", "item-" + current);
  else tree.removeAttribute("aria-activedescendant");
}

function row(item, at) {
  const shared = {
    id: "item-" + at, role: "treeitem", "aria-level": item.level, "aria-posinset": item.place, "aria-setsize": item.of,
    on: { click: () => pick(at) },
  };
  let made;
  if (item.finding === NONE) {
    const { group } = item, counts = SEVERITIES.map((name, s) => [group.some.filter((f) => M.finding_severity[f] === s).length, name]).filter(([n]) => n);
    made = element("div", { ...shared, class: "group", "aria-expanded": String(isOpen(group)) }, element("span", { class: "turn", "aria-hidden": "true" }, isOpen(group) ? "▾" : "▸"),
      element("b", {}, group.kind), element("span", { class: "how" }, (group.expected ? "by design: " : "") + counts.map(([n, name]) => number(n) + " " + name).join(", ")));
  } else {
    const f = item.finding, s = M.finding_severity[f];
    made = element("div", { ...shared, class: "item " + SEVERITIES[s], "aria-selected": String(f === view.chosen) },
      element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[s]), element("span", { class: "where" }, ...shortened(whichOf(f))),
      element("span", { class: "told" }, element("span", { class: "when" }, whenOf(f)), " · ", element("span", { class: "unseen" }, SEVERITIES[s] + ", " + say(M.finding_kind[f]) + ": "), rezoned(say(M.finding_summary[f]), knownTimes(f))));
  }
  if (at === current) made.classList.add("current");
  made.style.top = item.y + "px";
  made.style.height = item.height + "px";
  return made;
}

function whereOf(f) {
  const pod = say(M.finding_pod[f]), container = say(M.finding_container[f]);
  return [say(M.finding_node[f]), pod ? pod + (container ? " / " + container : "") : say(M.finding_controller[f])].filter(Boolean).join(" · ") || "the whole cluster";
}

/* What it is about, by the shortest name: its sentence tells the rest. */
function whichOf(f) {
  const pod = say(M.finding_pod[f]), container = say(M.finding_container[f]), controller = say(M.finding_controller[f]);
  if (pod) return pod + (container ? " / " + container : "");
  return controller.slice(controller.indexOf("/") + 1) || say(M.finding_node[f]) || "the whole cluster";
}

/* A name in two parts, of which the first may be cut: pods of one controller differ at the end. */
function shortened(name) {
  const letters = [...name], tail = letters.length > 24 ? Math.min(Math.max(letters.length - name.lastIndexOf("-", name.indexOf(" / ") + 1 || name.length), 12), 22) : 0;
  return [element("bdi", { class: "stem" }, letters.slice(0, letters.length - tail).join("")), tail ? element("bdi", { class: "tail" }, letters.slice(-tail).join("")) : null];
}

function whenOf(f) {
  const begin = M.edge_time[M.finding_begin[f]], end = M.edge_time[M.finding_finish[f]];
  if (Number.isNaN(begin)) return "before the evidence";
  return hour(begin, 1) + offset(begin) + (Number.isNaN(end) ? ", open" : end > begin ? ", " + lasted(end - begin) : "");
}

function knownTimes(f) {
  const found = [];
  for (const edge of [M.finding_begin[f], M.finding_finish[f]]) found.push(M.edge_time[edge], M.edge_low[edge], M.edge_high[edge]);
  for (let at = M.finding_evidence[f]; at < M.finding_evidence[f + 1]; at++) found.push(M.proof_time[M.evidence[at]]);
  return found.filter((time) => !Number.isNaN(time));
}

function pick(at) {
  current = at;
  const item = items[at];
  if (item.finding === NONE) {
    if (!closed.delete(item.group.key)) closed.add(item.group.key);
    gather();
    list();
  } else choose(item.finding);
}

/* Keys of a tree, as the ARIA practices have it; moving over a finding chooses nothing until Enter. */
function listKeyed(event) {
  const item = items[current];
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const go = (to) => {
    current = Math.min(Math.max(to, 0), items.length - 1);
    reveal();
  };
  const keys = {
    ArrowDown: () => go(current + 1), ArrowUp: () => go(current - 1), Home: () => go(0), End: () => go(items.length - 1), PageDown: () => go(current + 8), PageUp: () => go(current - 8),
    Enter: () => pick(current), " ": () => pick(current), Escape: () => choose(NONE),
    ArrowRight: () => (item.finding === NONE && !isOpen(item.group) ? pick(current) : go(current + 1)),
    ArrowLeft: () => (item.finding !== NONE ? go(item.head) : isOpen(item.group) ? pick(current) : null),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}

function reveal() {
  const tree = byId("tree"), item = items[current];
  if (!item) return;
  if (item.y < tree.scrollTop) tree.scrollTop = item.y;
  if (item.y + item.height > tree.scrollTop + tree.clientHeight) tree.scrollTop = item.y + item.height - tree.clientHeight;
  list();
}

/* Choosing a finding: every lane goes to its time, its containers are marked, its details are told, and the address names it. */
function choose(f, quietly) {
  view.chosen = f;
  marked = new Set();
  if (f === NONE) {
    if (byId("details").contains(document.activeElement)) byId("tree").focus();
    history.replaceState(null, "", location.pathname + location.search);
    byId("details").hidden = true;
    redo();
    return;
  }
  for (let at = M.finding_lanes[f]; at < M.finding_lanes[f + 1]; at++) marked.add(M.finding_lane[at]);
  if (!findingOn[f]) clearFilters();
  const kind = M.finding_expected[f] + say(M.finding_kind[f]);
  gather();
  if (!items.some((item) => item.finding === f)) {
    if (!closed.delete(kind)) closed.add(kind);
    gather();
  }
  current = items.findIndex((item) => item.finding === f);
  unfoldFor(f);
  details(f);
  history.replaceState(null, "", "#finding-" + M.findings[f]);
  const [low, high] = spanOf(f), room = Math.max((high - low) * 0.25, 0.4 * SECOND);
  redo();
  show(low - room, high + room);
  scrollTo(f);
  reveal();
  if (!quietly) byId("said").textContent = "Showing " + say(M.finding_kind[f]) + ", " + whereOf(f) + ", " + clock(low, 1) + " to " + clock(high, 1);
}

/* What it marks must be seen: nodes of its containers are unfolded, unless that is most of all there are. */
function unfoldFor(f) {
  const nodes = new Set();
  for (const lane of marked) nodes.add(after(M.node_lanes, lane, 0, M.node_lanes.length) - 1);
  if (nodes.size <= 4) for (const node of nodes) { unfolded.add(node); folded.delete(node); }
}

function scrollTo(f) {
  const node = rows.find((r) => r.kind === "heading" && M.node_name[r.node] === M.finding_node[f]);
  const place = rows.find((r) => r.kind === "lane" && marked.has(r.lane)) || rows.find((r) => r.kind === "chart" && M.finding_chart[f] === r.chart) || node;
  const target = M.finding_container_id[f] === NONE ? (M.finding_chart[f] === NONE ? node : rows.find((r) => r.kind === "chart" && M.finding_chart[f] === r.chart)) || place : place;
  if (target && (target.y < box.scrollTop || target.y + 80 > box.scrollTop + height - AXIS)) box.scrollTop = Math.max(target.y - height / 3, 0);
}

function details(f) {
  const severity = SEVERITIES[M.finding_severity[f]], id = M.findings[f];
  const facts = [["from", edgeWords(M.finding_begin[f])], ["to", edgeWords(M.finding_finish[f])]];
  for (const [name, column] of [["node", "node"], ["namespace", "namespace"], ["controller", "controller"], ["pod", "pod"], ["pod uid", "uid"], ["container", "container"], ["container id", "container_id"]]) {
    if (M["finding_" + column][f] !== NONE) facts.push([name, say(M["finding_" + column][f])]);
  }
  for (let at = M.finding_details[f]; at < M.finding_details[f + 1]; at += 2) facts.push([say(M.detail[at]), say(M.detail[at + 1])]);
  const proofs = [];
  for (let at = M.finding_evidence[f]; at < M.finding_evidence[f + 1]; at++) {
    const proof = M.evidence[at], time = M.proof_time[proof];
    proofs.push(element("li", {}, element("span", { class: "place" }, element("bdi", {}, placeOf(proof))), " ", element("span", { class: "when" }, Number.isNaN(time) ? "" : clock(time)), " ",
      element("em", {}, say(M.proof_proves[proof])), M.proof_text[proof] === NONE ? null : element("code", { dir: "ltr" }, say(M.proof_text[proof]))));
  }
  const more = M.finding_more[f];
  const shown = byId("details");
  shown.replaceChildren(
    element("p", { class: "bar" }, element("button", { type: "button", "data-by": -1, on: { click: () => neighbour(-1) } }, "Previous"), element("button", { type: "button", "data-by": 1, on: { click: () => neighbour(1) } }, "Next"),
      element("button", { type: "button", on: { click: toPicture } }, "Picture"), element("button", { type: "button", on: { click: () => choose(NONE) } }, "Close")),
    element("h3", {}, element("span", { class: "badge " + severity }, SIGNS[M.finding_severity[f]] + " " + severity), " " + say(M.finding_kind[f])),
    element("p", { class: "sum" }, rezoned(say(M.finding_summary[f]), knownTimes(f))),
    element("p", { class: "sure" }, "Confidence: " + say(M.finding_confidence[f]) + (M.finding_expected[f] ? "; by design" : "") + ". ", element("a", { href: "#finding-" + id }, "#" + id)),
    element("dl", {}, ...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, ...[value].flat().map((line) => element("bdi", {}, line)))))),
    element("h4", {}, "Evidence"), element("ol", { class: "evidence" }, ...proofs),
    more > 0 ? element("p", {}, more + " more records: ", element("code", {}, "podopsy explain " + id)) : null);
  shown.hidden = false;
  shown.scrollTop = 0;
}

function edgeWords(edge) {
  const time = M.edge_time[edge], rule = M.edge_rule[edge] === NONE ? [] : [say(M.edge_rule[edge])];
  return Number.isNaN(time) ? ["not within the evidence", ...rule] : [clock(time), boundsOf(edge), ...rule];
}

function neighbour(by) {
  for (let at = current + by; at >= 0 && at < items.length; at += by) {
    if (items[at].finding === NONE) continue;
    choose(items[at].finding);
    byId("details").querySelector(`[data-by="${by}"]`).focus({ preventScroll: true });  // its predecessor had the focus
    return;
  }
}

function toPicture() {
  byId("picture").scrollIntoView({ block: "start" });
  canvas.focus({ preventScroll: true });
}
