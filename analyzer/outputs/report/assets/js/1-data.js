/* The model of the page: typed arrays behind a JSON header, deflated, in base64 (columns.py). All times are microseconds since 1970. */
const NONE = -1;

async function unpack(text) {
  const told = atob(text), bytes = new Uint8Array(told.length);
  for (let at = 0; at < told.length; at++) bytes[at] = told.charCodeAt(at);
  const buffer = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true), base = 8 + size;
  const model = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)));
  const array = ([kind, offset, length, stepped]) => {
    const values = new (kind === "byte" ? Uint8Array : Int32Array)(buffer, base + offset, length);
    for (let at = 1; stepped && at < length; at++) values[at] += values[at - 1];
    return values;
  };
  const low = new Uint32Array(array(model.columns.$low)), high = array(model.columns.$high);
  const times = new Float64Array(low.length);
  let now = model.origin;
  for (let at = 0; at < low.length; at++) times[at] = now += high[at] * 4294967296 + low[at];
  for (const [name, place] of Object.entries(model.columns)) {
    const values = array(place);
    model[name] = place[0] === "time" ? Float64Array.from(values, (at) => (at === NONE ? NaN : times[at])) : values;
  }
  return model;
}

let M = null;

/* A text by its number. */
const say = (at) => (at === NONE ? "" : M.strings[at]);

function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === "class") made.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const byId = (id) => document.getElementById(id);

/* The first place in a rising array where the value is greater than what is asked. */
function after(values, asked, low, high) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= asked) low = middle + 1;
    else high = middle;
  }
  return low;
}
