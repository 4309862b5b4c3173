/* What every page needs: the data, elements, numbers for people, the scheme, small canvases. */
"use strict";
const D = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function element(tag, content, parent, className) {
  const e = document.createElement(tag);
  if (content !== undefined && content !== null) e.textContent = content;
  if (className) e.className = className;
  if (parent) parent.append(e);
  return e;
}

/* base64 of little-endian values. */
function unpack(text, Type) {
  const bytes = atob(text), out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i);
  return new Type(out.buffer);
}

/* An undefined number is a dash: never 0. */
const missing = (x) => x === null || x === undefined || Number.isNaN(x);
function number(x, digits = 2, sign = false) {
  if (missing(x)) return "–";
  if (Math.abs(x) < 0.5 * 10 ** -digits) x = 0; /* not -0.00 */
  return x.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits,
    signDisplay: sign ? "exceptZero" : "auto" });
}
/* `digits` digits, and all of a whole part. */
function rough(x, digits = 5) {
  if (missing(x)) return "–";
  if (typeof x !== "number") return String(x);
  const whole = Math.trunc(Math.abs(x)).toString().length;
  return x.toLocaleString("en", { maximumSignificantDigits: Math.min(21, Math.max(digits, whole)) });
}
/* Decimals that a number has; those that numbers `step` apart need. */
const places = (x) => { const [digits, e] = String(x).split("e"); return Math.max(0, (digits.split(".")[1] || "").length - (e || 0)); };
const placesOf = (step, least = 0) => Math.min(8, Math.max(least, Math.ceil(0.5 - Math.log10(step))));
const counted = (n, what) => `${number(n, 0)} ${what}${n === 1 ? "" : "s"}`;
const day = (ms) => new Date(ms).toISOString().slice(0, 10);
const clock = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
function span(ms) {
  if (missing(ms)) return "–";
  const m = ms / 60000;
  return m < 60 ? number(m, 0) + " min" : m < 2880 ? number(m / 60, 1) + " h" : number(m / 1440, 1) + " d";
}
const tone = (x) => (missing(x) || x === 0 ? "" : x > 0 ? "up" : "down");

/* Called again when the scheme or a width changes. */
const redraws = [];
const redraw = () => redraws.forEach((f) => f());
function scheme() {
  const now = document.documentElement.dataset.theme;
  return now || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}
$("theme").onclick = () => {
  document.documentElement.dataset.theme = scheme() === "dark" ? "light" : "dark";
  redraw();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let resizing = 0;
addEventListener("resize", () => { cancelAnimationFrame(resizing); resizing = requestAnimationFrame(redraw); });

function tip(event, text) {
  const t = $("tip");
  t.style.display = text ? "block" : "none";
  if (!text) return;
  t.textContent = text;
  t.style.left = Math.min(event.clientX + 12, innerWidth - t.offsetWidth - 6) + "px";
  t.style.top = event.clientY + 14 + "px";
}

/* draw(g, width, height) on a canvas at the screen's resolution. Gives what draws it again. */
function canvas(id, draw) {
  const again = () => {
    const c = $(id), ratio = devicePixelRatio || 1, w = c.clientWidth, h = c.clientHeight;
    c.width = w * ratio;
    c.height = h * ratio;
    const g = c.getContext("2d");
    g.scale(ratio, ratio);
    g.font = "11px system-ui, sans-serif";
    draw(g, w, h);
  };
  redraws.push(again);
  again();
  return again;
}

/* A table from rows of cells; a cell is a text or [text, class]. */
function table(node, head, rows) {
  node.replaceChildren();
  const add = (tr, tag, cell) => {
    const [text, cls] = Array.isArray(cell) ? cell : [cell, ""];
    return text instanceof Node ? element(tag, null, tr, cls).append(text) : element(tag, text, tr, cls);
  };
  const h = element("tr", null, element("thead", null, node)), body = element("tbody", null, node);
  head.forEach((c) => add(h, "th", c));
  rows.forEach((r) => { const tr = element("tr", null, body); r.forEach((c) => add(tr, "td", c)); });
}
