/* What the page does: draws the picture, and ties findings to their place in it. */
(function () {
  "use strict";
  const model = JSON.parse(document.getElementById("model").textContent);
  const picture = document.getElementById("picture");
  const status = document.getElementById("shown");
  const bands = model.layout.shapes;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const axes = ["xaxis", "xaxis2"].filter((name) => name in model.layout);
  const counts = Object.keys(model.layout).filter((name) => /^yaxis\d+$/.test(name));

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  /* Colours of the page, as changes to plotly's layout. */
  function theme() {
    const changes = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": colour("ink"), "font.size": 12,
      "yaxis.tickfont.size": 11, "hoverlabel.bgcolor": colour("raised"), "hoverlabel.font.color": colour("ink"),
      "hoverlabel.align": "left", "hoverlabel.namelength": -1,
    };
    for (const name of axes) {
      Object.assign(changes, { [name + ".gridcolor"]: colour("grid"), [name + ".linecolor"]: colour("line"), [name + ".showline"]: true,
        [name + ".ticks"]: "outside", [name + ".tickcolor"]: colour("line"), [name + ".showspikes"]: true, [name + ".spikethickness"]: 1,
        [name + ".spikedash"]: "dot", [name + ".spikemode"]: "across", [name + ".spikesnap"]: "cursor", [name + ".spikecolor"]: colour("muted") });
    }
    for (const name of counts) changes[name + ".gridcolor"] = colour("grid");
    return changes;
  }

  function inked(meta) {
    return model.data.map((trace, at) => (trace.meta === meta ? at : -1)).filter((at) => at >= 0);
  }

  /* The same before the first drawing: drawing twice would take twice as long. */
  function dress() {
    const changes = theme();
    for (const path of Object.keys(changes)) {
      const names = path.split("."), last = names.pop();
      names.reduce((at, name) => (at[name] = at[name] || {}), model.layout)[last] = changes[path];
    }
    for (const at of inked("ink")) Object.assign(model.data[at].marker, { color: colour("ink"), line: { color: colour("ink"), width: 2 } });
    for (const at of inked("ink line")) model.data[at].line.color = colour("ink");
  }

  function redress() {
    const ink = colour("ink");
    const marks = inked("ink"), lines = inked("ink line");
    Plotly.relayout(picture, theme());
    if (marks.length) Plotly.restyle(picture, { "marker.color": ink, "marker.line.color": ink }, marks);
    if (lines.length) Plotly.restyle(picture, { "line.color": ink }, lines);
  }

  function zoom(range, shapes, said) {
    const changes = { shapes: bands.concat(shapes) };
    for (const name of axes) changes[name + ".range"] = range.slice();
    status.textContent = said;
    return Plotly.relayout(picture, changes);
  }

  function rectangles(place) {
    const found = [];
    for (const axis of Object.keys(place.spans)) {
      for (const span of place.spans[axis]) {
        found.push({ type: "rect", xref: axis === "y" ? "x" : "x2", yref: axis, x0: place.start, x1: place.end, y0: span[0], y1: span[1],
          line: { color: colour("focus"), width: 2, dash: "dot" }, fillcolor: "rgba(122,60,255,.13)" });
      }
    }
    return found;
  }

  function mark(id) {
    for (const item of document.querySelectorAll(".finding.shown")) item.classList.remove("shown");
    const item = id && document.getElementById("finding-" + id);
    if (item) item.classList.add("shown");
    return item;
  }

  /* Zoom to a finding and outline its lanes; scroll to them if asked to. */
  function show(id, scroll) {
    const place = Object.hasOwn(model.focus, id) ? model.focus[id] : null;
    const item = mark(id);
    if (!place || !item) return;
    const room = Math.max((place.end - place.start) * 0.4, 2000);
    zoom([place.start - room, place.end + room], rectangles(place), "Showing " + item.querySelector(".kind").textContent + " #" + id);
    if (scroll) {
      const lane = place.spans.y ? place.spans.y[0][0] : 0;
      const top = picture.getBoundingClientRect().top + window.scrollY + model.top + lane * model.lane;
      window.scrollTo({ top: Math.max(top - Math.min(260, window.innerHeight / 3), 0) });
    }
  }

  function open(id) {
    const item = document.getElementById("finding-" + id);
    if (!item) return;
    const folded = item.closest("#expected");
    if (folded) folded.open = true;
    item.hidden = false;
    item.querySelector("details").open = true;
    item.scrollIntoView({ block: "center" });
  }

  function fromAddress() {
    const match = /^#finding-([0-9a-f]+)$/.exec(location.hash);
    if (!match) return;
    open(match[1]);
    show(match[1], false);
  }

  dress();
  const drawn = Plotly.newPlot(picture, model.data, model.layout, {
    responsive: true, displaylogo: false, scrollZoom: false, doubleClick: false, showTips: false,
    /* named one by one: plotly's own choice offers to upload the picture */
    modeBarButtons: [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]], toImageButtonOptions: { filename: "podopsy" },
  });
  drawn.then(function () {
    picture.on("plotly_click", function (event) {
      const id = event.points.length ? event.points[0].customdata : null;
      if (!id) return;
      open(id);
      show(id, false);
    });
    picture.on("plotly_doubleclick", function () { zoom(model.incident, [], ""); mark(null); });
    fromAddress();
    document.documentElement.dataset.ready = "true";
  });

  dark.addEventListener("change", redress);
  window.addEventListener("hashchange", fromAddress);
  document.getElementById("incident").addEventListener("click", function () { zoom(model.incident, [], "The incident"); mark(null); });
  document.getElementById("whole").addEventListener("click", function () { zoom(model.whole, [], "The whole evidence"); mark(null); });
  document.getElementById("clear").addEventListener("click", function () {
    mark(null);
    status.textContent = "";
    Plotly.relayout(picture, { shapes: bands });
  });
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-show]");
    if (button) show(button.dataset.show, true);
  });
  for (const item of document.querySelectorAll(".finding > details")) {
    item.addEventListener("toggle", function () { if (item.open) show(item.parentElement.dataset.id, false); });
  }

  const filter = document.getElementById("filter");
  if (filter) {
    filter.addEventListener("input", function () {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const item of document.querySelectorAll(".finding")) {
        const text = item.querySelector("summary").textContent.toLowerCase() + " " + item.dataset.id;
        item.hidden = !words.every((word) => text.includes(word));
        left += item.hidden ? 0 : 1;
      }
      document.getElementById("matches").textContent = words.length ? left + " match" : "";
    });
  }
  let closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const item of closed) item.open = true;
  });
  window.addEventListener("afterprint", function () { for (const item of closed) item.open = false; });
})();
