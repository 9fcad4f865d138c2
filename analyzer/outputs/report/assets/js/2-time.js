/* Times as text: UTC with Z, or the reader's own zone with its offset. Never one without the other's mark. */
const SECOND = 1e6, MINUTE = 60e6, HOUR = 3600e6, DAY = 86400e6;
let zone = "utc";

const pad = (number, width = 2) => String(number).padStart(width, "0");
const minutesEast = (time) => (zone === "utc" ? 0 : -new Date(time / 1000).getTimezoneOffset());

function offset(time) {
  const east = minutesEast(time);
  if (zone === "utc") return "Z";
  return (east < 0 ? "-" : "+") + pad(Math.floor(Math.abs(east) / 60)) + ":" + pad(Math.abs(east) % 60);
}

function day(time) {
  const date = new Date(Math.floor(time / 1000) + minutesEast(time) * 60000);
  return date.getUTCFullYear() + "-" + pad(date.getUTCMonth() + 1) + "-" + pad(date.getUTCDate());
}

function hour(time, digits) {
  const date = new Date(Math.floor(time / 1000) + minutesEast(time) * 60000);
  const text = pad(date.getUTCHours()) + ":" + pad(date.getUTCMinutes()) + ":" + pad(date.getUTCSeconds());
  const rest = time - Math.floor(time / SECOND) * SECOND;
  return digits ? text + "." + pad(Math.floor(rest), 6).slice(0, digits) : text;
}

/* With its date, and always with its zone. */
function clock(time, digits = 6) {
  return Number.isNaN(time) ? "not within the evidence" : day(time) + " " + hour(time, digits) + offset(time);
}

/* From when to when: the date once, if it is one day. */
function between(low, high, digits) {
  return clock(low, digits) + " to " + (day(low) === day(high) ? hour(high, digits) + offset(high) : clock(high, digits)) + " (" + lasted(high - low) + ")";
}

function lasted(span) {
  if (span < SECOND) return span < 1000 ? Math.round(span) + " µs" : Number((span / 1000).toFixed(span < 100000 ? 1 : 0)) + " ms";
  if (span < MINUTE) return (span / SECOND).toFixed(1) + " s";
  const whole = Math.floor(span / SECOND);
  if (span < HOUR) return Math.floor(whole / 60) + " min " + (whole % 60) + " s";
  if (span < DAY) return Math.floor(whole / 3600) + " h " + (Math.floor(whole / 60) % 60) + " min";
  return Math.floor(whole / 86400) + " d " + (Math.floor(whole / 3600) % 24) + " h";
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap((n) => [n, n * 1000]).sort((a, b) => a - b)
  .concat([1, 2, 5, 10, 15, 30].map((n) => n * SECOND), [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    [1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14, 28, 91, 182, 365, 730, 3650].map((n) => n * DAY));

/* Round moments within a range, at most so many; and how they are written. */
function ticks(low, high, most) {
  const step = STEPS.find((s) => (high - low) / s <= most) || STEPS[STEPS.length - 1];
  const east = minutesEast((low + high) / 2) * MINUTE;
  const digits = step >= SECOND ? 0 : step >= 100000 ? 1 : step >= 1000 ? 3 : 6;
  const found = [];
  for (let at = Math.ceil((low + east) / step) * step - east; at <= high; at += step) {
    found.push([at, step >= DAY ? day(at) : step >= MINUTE ? hour(at, 0).slice(0, 5) : hour(at, digits)]);
  }
  return found;
}

/* Sentences name times to the tenth of a second: those that are a known moment are put into the zone that is shown, others stay as they are. */
function rezoned(text, known) {
  if (zone === "utc") return text;
  return text.replace(/(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (told) => {
    const date = told.length > 16, digits = (told.split(".")[1] || "Z").length - 1;
    for (const time of known) {
      const iso = new Date(Math.floor(time / 1000)).toISOString(), whole = iso.slice(0, 10) + " " + iso.slice(11, 19);
      const exact = (digits ? whole + "." + pad(Math.floor(time - Math.floor(time / SECOND) * SECOND), 6).slice(0, digits) : whole) + "Z";
      if (exact === told || exact.slice(11) === told) return date || day(time) !== iso.slice(0, 10) ? clock(time, digits) : hour(time, digits) + offset(time);
    }
    return told;
  });
}
