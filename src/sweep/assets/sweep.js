/* The page of a sweep; report_base.js stands before it. */
"use strict";
const low = D.objective.best === "lowest";
const objective = D.objective.metric;

/* Money with two decimals; else `digits` digits, and all of a whole part. */
const text = (x, digits = 4, unit = "") => (unit === "USDT" ? number(x) : rough(x, digits));

/* Index of axis k's value in a row: the grid has the last axis moving fastest. */
function valueAt(row, k) {
  let place = D.place[row];
  for (let a = D.axes.length - 1; a > k; a--) place = Math.floor(place / D.axes[a].values.length);
  return place % D.axes[k].values.length;
}
const label = (row) => D.axes.map((x, k) => x.name + "=" + x.values[valueAt(row, k)]).join(" ");

/* Objectives that exist, in order; each once, for colours by rank: outliers do not wash the picture out. */
const sorted = D.value.filter((v) => v !== null).sort((a, b) => a - b);
const ranks = sorted.filter((v, k) => v !== sorted[k - 1]);
function share(v) {
  let lo = 0, hi = ranks.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (ranks[mid] < v) lo = mid + 1; else hi = mid;
  }
  const s = ranks.length > 1 ? lo / (ranks.length - 1) : 0.5;
  return low ? 1 - s : s;
}
const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
function colour(s, alpha = 1) {
  const x = Math.min(0.9999, Math.max(0, s)) * (stops.length - 1), k = Math.floor(x), f = x - k;
  const c = stops[k].map((v, i) => Math.round(v + (stops[k + 1][i] - v) * f));
  return `rgba(${c},${alpha})`;
}

function hover(node, what) {
  node.onmousemove = (e) => tip(e, what(e.offsetX, e.offsetY));
  node.onmouseleave = () => tip(null, "");
}

/* ---- head ---- */

function head() {
  $("title").textContent = D.play + " · " + D.symbol;
  $("sub").textContent = `${text(D.value.length)} parameter sets by ${objective}, ${D.objective.best} first · ` +
    `${D.start.slice(0, 16)} to ${D.end.slice(0, 16)} UTC` + (D.where ? " · where " + D.where : "") +
    (D.sample ? ` · a sample of ${text(D.sample)} from ${text(D.grid)}` : "");
  const s = D.statistics, percent = (x) => (x === null ? "–" : (100 * x).toFixed(1) + " %");
  const cards = [
    [D.top.length ? text(D.top[0].objective, 4, D.objective.unit) : "–", "best " + objective],
    [text(s.trials), `trials (${text(D.counts.invalid + D.counts.failed)} sets refused)`],
    [percent(s.positive_share), "of the rows end with a profit"],
    [percent(s.deflated_sharpe), "deflated Sharpe: the best row is not luck"],
    [text(s.sharpe_to_beat), "Sharpe that the best of as many worthless rows shows"],
    [text(s.halves_rank_correlation, 2), "rank correlation of both halves (1: the order holds)"],
  ];
  for (const [v, name] of cards) {
    const c = element("div", null, $("cards"), "card");
    element("span", name, c);
    element("b", v, c);
  }
  const doubts = D.warnings.map((w) => w[0].toUpperCase() + w.slice(1) + ".");
  if (!sorted.length) doubts.push(`No row has ${objective}: it is undefined in all of them, and there is no ranking.`);
  if (s.deflated_sharpe !== null && s.deflated_sharpe < 0.95)
    doubts.push(`With ${s.trials} trials the best row's Sharpe is within what luck gives.`);
  if (s.halves_rank_correlation !== null && s.halves_rank_correlation < 0.3)
    doubts.push("What ranked high in the first half of the window did not in the second.");
  if (s.positive_share !== null && s.positive_share < 0.2)
    doubts.push("Few rows end with a profit: the best may be an accident of its parameters.");
  for (const d of doubts) element("p", d, $("doubts"), "doubt");
}

/* ---- ranking ---- */

let chosen = -1;
const others = D.metrics.map((name, k) => k).filter((k) => D.metrics[k] !== objective);
const columns = D.axes.map((x) => x.name).concat([objective], others.map((k) => D.metrics[k]));
const units = D.axes.map(() => "").concat([D.objective.unit], others.map((k) => D.units[k]));
const ranked = D.top.map((t, i) => ({ rank: i + 1, row: t.row,
  cells: D.axes.map((x, k) => x.values[valueAt(t.row, k)]).concat([t.objective], others.map((m) => t.metrics[m])) }));

function choose(row) {
  chosen = row === chosen ? -1 : row;
  for (const tr of $("rows").children) tr.className = Number(tr.dataset.row) === chosen ? "on" : "";
  redraw();
}

function fillTable() {
  $("rows").replaceChildren();
  for (const r of ranked) {
    const tr = element("tr", null, $("rows"), r.row === chosen ? "on" : "");
    tr.dataset.row = r.row;
    tr.tabIndex = 0;
    tr.onclick = () => choose(r.row);
    tr.onkeydown = (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); choose(r.row); } };
    element("td", r.rank, tr);
    r.cells.forEach((c, k) => element("td", k < D.axes.length ? String(c) : text(c, 4, units[k]), tr));
  }
}

/* A first click on the rank or a parameter sorts it upwards, on a metric downwards; the next turns it. */
const sorting = { by: -1, down: false };
function sortBy(k) {
  sorting.down = sorting.by === k ? !sorting.down : k >= D.axes.length && !(low && k === D.axes.length);
  sorting.by = k;
  const key = (r) => (k < 0 ? r.rank : r.cells[k]);
  ranked.sort((a, b) => {
    const x = key(a), y = key(b);
    if (x === null || y === null) return (x === null) - (y === null) || a.rank - b.rank;
    const c = x < y ? -1 : x > y ? 1 : 0;
    return (sorting.down ? -c : c) || a.rank - b.rank;
  });
  fillHead();
}

function fillHead() {
  $("header").replaceChildren();
  const tr = element("tr", null, $("header"));
  ["rank"].concat(columns).forEach((name, k) => {
    const mine = k - 1 === sorting.by, th = element("th", null, tr);
    th.setAttribute("aria-sort", !mine ? "none" : sorting.down ? "descending" : "ascending");
    const b = element("button", name + (mine ? (sorting.down ? " ▾" : " ▴") : ""), th);
    b.onclick = () => { sortBy(k - 1); $("header").querySelectorAll("button")[k].focus(); };
  });
  fillTable();
}

/* ---- heat maps ---- */

function median(v) {
  v.sort((a, b) => a - b);
  const m = v.length >> 1;
  return v.length % 2 ? v[m] : (v[m - 1] + v[m]) / 2;
}
const measures = {
  best: (v) => v.reduce((a, b) => (low ? Math.min(a, b) : Math.max(a, b)), low ? Infinity : -Infinity),
  median,
  mean: (v) => v.reduce((a, b) => a + b, 0) / v.length,
};

/* Objectives by the cell that `cell` names; null where no row has one. */
function gather(n, cell) {
  const lists = Array.from({ length: n }, () => []);
  D.value.forEach((v, row) => { if (v !== null) lists[cell(row)].push(v); });
  return lists.map((v) => (v.length ? measures[$("measure").value](v) : null));
}

function valueLabels(g, axis, place, room) {
  const step = Math.max(1, Math.ceil(axis.values.length * room[0] / room[1]));
  for (let k = 0; k < axis.values.length; k += step) place(String(axis.values[k]), k);
}

/* The value within its cell, where there is room; a long one in short: 1.23M. */
function inCell(g, v, x, y, w, h) {
  if (v === null || h < 16) return;
  const fits = (s) => g.measureText(s).width <= w - 6;
  const short = v.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
  const s = (Math.abs(v) < 99999.5 ? [text(v, 3), short] : [short]).find(fits);
  if (!s) return;
  g.fillStyle = share(v) > 0.6 ? "#000" : "#fff";
  g.textAlign = "center";
  g.fillText(s, x + w / 2, y + h / 2 + 4);
}

/* The colours from worst to best. */
function scale() {
  $("scale-part").hidden = !sorted.length;
  if (!sorted.length) return;
  const best = sorted[low ? 0 : sorted.length - 1], worst = sorted[low ? sorted.length - 1 : 0];
  $("scale-from").textContent = `worst ${text(worst)}`;
  $("scale-to").textContent = `${text(best)} best`;
  canvas("scale", (g, w, h) => {
    for (let x = 0; x < w; x++) { g.fillStyle = colour(x / w); g.fillRect(x, 0, 1, h); }
  });
}

function strips() {
  const rowHeight = 64, left = 90;
  $("strips").style.height = D.axes.length * rowHeight + 8 + "px";
  return canvas("strips", (g, w) => {
    const cells = D.axes.map((x, k) => gather(x.values.length, (row) => valueAt(row, k)));
    D.axes.forEach((x, k) => {
      const y = k * rowHeight + 8, n = x.values.length, cw = (w - left - 10) / n;
      g.fillStyle = css("--fg");
      g.textAlign = "left";
      g.fillText(x.name, 8, y + 22, left - 12);
      cells[k].forEach((v, i) => {
        g.fillStyle = v === null ? css("--line") : colour(share(v));
        g.fillRect(left + i * cw, y, Math.max(1, cw - 1), 34);
        inCell(g, v, left + i * cw, y, cw, 34);
      });
      g.fillStyle = css("--dim");
      g.textAlign = "center";
      valueLabels(g, x, (s, i) => g.fillText(s, left + (i + 0.5) * cw, y + 48), [44, w - left]);
    });
    hover($("strips"), (x, y) => {
      const k = Math.floor((y - 8) / rowHeight), axis = D.axes[k];
      if (!axis || x < left) return "";
      const i = Math.floor((x - left) / ((w - left - 10) / axis.values.length));
      return i < axis.values.length ? `${axis.name}=${axis.values[i]}\n${objective} ${text(cells[k][i])}` : "";
    });
  });
}

function heat() {
  const bottom = 40;
  let left = 0;
  return canvas("heat", (g, w, h) => {
    const a = D.axes[$("across").value], b = D.axes[$("up").value];
    const ia = Number($("across").value), ib = Number($("up").value);
    const n = a.values.length, m = b.values.length;
    left = Math.min(w / 3, 16 + Math.max(40, ...b.values.map((v) => g.measureText(String(v)).width)));
    const cells = gather(n * m, (row) => valueAt(row, ib) * n + valueAt(row, ia));
    const cw = (w - left - 10) / n, ch = (h - bottom - 10) / m;
    const top = (j) => h - bottom - (j + 1) * ch;
    cells.forEach((v, c) => {
      g.fillStyle = v === null ? css("--line") : colour(share(v));
      g.fillRect(left + (c % n) * cw, top(Math.floor(c / n)), Math.ceil(cw) - (cw > 4), Math.ceil(ch) - (ch > 4));
      inCell(g, v, left + (c % n) * cw, top(Math.floor(c / n)), cw, ch);
    });
    if (chosen >= 0) {
      g.strokeStyle = css("--hit");
      g.lineWidth = 3;
      g.strokeRect(left + valueAt(chosen, ia) * cw, top(valueAt(chosen, ib)), cw, ch);
    }
    g.fillStyle = css("--dim");
    g.textAlign = "center";
    valueLabels(g, a, (s, i) => g.fillText(s, left + (i + 0.5) * cw, h - bottom + 15), [44, w - left]);
    g.fillText(a.name, left + (w - left) / 2, h - 8);
    g.textAlign = "right";
    valueLabels(g, b, (s, j) => g.fillText(s, left - 6, top(j) + ch / 2 + 4), [16, h - bottom]);
    g.textAlign = "left";
    g.fillText(b.name, 6, 14);
    hover($("heat"), (x, y) => {
      const i = Math.floor((x - left) / cw), j = Math.floor((h - bottom - y) / ch);
      if (i < 0 || j < 0 || i >= n || j >= m) return "";
      return `${a.name}=${a.values[i]} ${b.name}=${b.values[j]}\n${objective} ${text(cells[j * n + i])}`;
    });
  });
}

function heatMaps() {
  D.axes.forEach((x, k) => {
    for (const id of ["across", "up"]) element("option", x.name, $(id)).value = k;
  });
  if (D.axes.length > 1) $("up").value = 1;
  else $("pair").hidden = true;
  scale();
  const again = [strips()];
  if (D.axes.length > 1) again.push(heat());
  let pair = [$("across").value, $("up").value];
  for (const id of ["across", "up", "measure"]) $(id).onchange = () => {
    if ($("across").value === $("up").value) [$("up").value, $("across").value] = pair; /* they change places */
    pair = [$("across").value, $("up").value];
    again.forEach((f) => f());
  };
}

/* ---- parallel coordinates: drag along an axis keeps the lines that pass there ---- */

const brush = new Map();
function parallel() {
  const margin = 46, top = 30, bottom = 24, most = 4000;
  const n = D.axes.length + 1;
  const range = [sorted[0], sorted[sorted.length - 1]];
  const order = D.value.map((v, row) => row).filter((row) => D.value[row] !== null);
  order.sort((x, y) => share(D.value[x]) - share(D.value[y]));
  const shown = order.slice(-most);
  const height = (row, k, h) => {
    const values = k < n - 1 ? D.axes[k].values.length - 1 : 0;
    const f = k < n - 1 ? (values ? valueAt(row, k) / values : 0.5)
      : range[1] > range[0] ? (D.value[row] - range[0]) / (range[1] - range[0]) : 0.5;
    return h - bottom - f * (h - top - bottom);
  };
  const again = canvas("parallel", (g, w, h) => {
    const at = (k) => margin + k * (w - 2 * margin) / (n - 1);
    const line = (row, style, width) => {
      g.strokeStyle = style;
      g.lineWidth = width;
      g.beginPath();
      for (let k = 0; k < n; k++) g.lineTo(at(k), height(row, k, h));
      g.stroke();
    };
    const kept = (row) => [...brush].every(([k, [a, b]]) => {
      const y = height(row, k, h);
      return y >= a - 2 && y <= b + 2;
    });
    const alpha = Math.max(0.08, Math.min(0.8, 60 / shown.length));
    for (const row of shown) if (kept(row)) line(row, colour(share(D.value[row]), brush.size ? 0.8 : alpha), 1);
    if (chosen >= 0 && D.value[chosen] !== null) line(chosen, css("--hit"), 3);
    for (let k = 0; k < n; k++) {
      const x = D.axes[k];
      g.strokeStyle = g.fillStyle = css("--dim");
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(at(k), top);
      g.lineTo(at(k), h - bottom);
      g.stroke();
      g.textAlign = "center";
      g.fillText(x ? x.name : objective, at(k), 12);
      g.fillText(x ? String(x.values[x.values.length - 1]) : text(range[1]), at(k), top - 3);
      g.fillText(x ? String(x.values[0]) : text(range[0]), at(k), h - 8);
      if (!brush.has(k)) continue;
      const [a, b] = brush.get(k);
      g.fillStyle = css("--hit") + "55";
      g.fillRect(at(k) - 8, a, 16, b - a);
    }
    const node = $("parallel");
    node.onpointerdown = (e) => {
      const k = Math.round((e.offsetX - margin) / ((w - 2 * margin) / (n - 1)));
      const from = e.offsetY;
      brush.delete(k);
      node.setPointerCapture(e.pointerId);
      node.onpointermove = (m) => {
        brush.set(k, [Math.min(from, m.offsetY), Math.max(from, m.offsetY)]);
        again();
      };
      node.onpointerup = () => { node.onpointermove = null; again(); };
    };
  });
  if (order.length > most) $("cut").textContent = `The best ${text(most)} of ${text(order.length)} rows are drawn.`;
}

/* ---- distribution, equity ---- */

function distribution() {
  const bins = Math.min(60, Math.max(5, Math.ceil(Math.sqrt(sorted.length) * 1.5)));
  canvas("distribution", (g, w, h) => {
    if (!sorted.length) return;
    const lo = sorted[0], hi = sorted[sorted.length - 1], width = (hi - lo) / bins || 1;
    const count = new Array(bins).fill(0);
    for (const v of sorted) count[Math.min(bins - 1, Math.floor((v - lo) / width))]++;
    const most = Math.max(...count), bw = (w - 20) / bins;
    const x = (v) => 10 + (v - lo) / (width * bins) * (w - 20);
    count.forEach((c, k) => {
      g.fillStyle = colour(share(lo + (k + 0.5) * width));
      const bh = c / most * (h - 64);
      g.fillRect(10 + k * bw, h - 24 - bh, Math.max(1, bw - 1), bh);
    });
    const mark = (v, name, style, line) => {
      if (v < lo || v > hi) return;
      g.strokeStyle = g.fillStyle = style;
      g.beginPath();
      g.moveTo(x(v), line + 4);
      g.lineTo(x(v), h - 24);
      g.stroke();
      g.textAlign = x(v) > w / 2 ? "right" : "left";
      g.fillText(name, x(v), line);
    };
    mark(0, "0", css("--dim"), 12);
    if (chosen >= 0 && D.value[chosen] !== null) mark(D.value[chosen], "chosen row", css("--hit"), 26);
    else if (D.top.length && D.top[0].objective !== null) mark(D.value[D.top[0].row], "best row", css("--hit"), 26);
    g.fillStyle = css("--dim");
    g.textAlign = "left";
    g.fillText(text(lo), 10, h - 8);
    g.textAlign = "right";
    g.fillText(text(hi), w - 10, h - 8);
    hover($("distribution"), (px) => {
      const k = Math.floor((px - 10) / bw);
      if (k < 0 || k >= bins) return "";
      return `${text(lo + k * width)} to ${text(lo + (k + 1) * width)}\n${count[k]} rows`;
    });
  });
}

function equity() {
  const p = D.equity;
  if (!p.length) {
    $("equity-part").hidden = true;
    return;
  }
  $("best-label").textContent = label(D.top[0].row) + " · run " + D.top[0].run_hash.slice(0, 12);
  canvas("equity", (g, w, h) => {
    const t0 = p[0][0], t1 = p[p.length - 1][0] || t0 + 1;
    const values = p.map((q) => q[1]), lo = Math.min(...values), hi = Math.max(...values);
    const ticks = hi > lo ? [0, 1, 2, 3, 4].map((k) => lo + (hi - lo) * k / 4) : [lo];
    const shown = ticks.map((v) => number(v, placesOf((hi - lo) / 4 || 1)));
    const left = 16 + Math.max(...shown.map((v) => g.measureText(v).width));
    const x = (t) => left + (t - t0) / (t1 - t0 || 1) * (w - left - 10);
    const y = (v) => h - 26 - (hi > lo ? (v - lo) / (hi - lo) : 0.5) * (h - 40);
    g.strokeStyle = css("--line");
    g.fillStyle = css("--dim");
    ticks.forEach((v, k) => {
      g.beginPath();
      g.moveTo(left, y(v));
      g.lineTo(w - 10, y(v));
      g.stroke();
      g.textAlign = "right";
      g.fillText(shown[k], left - 6, y(v) + 4);
    });
    g.textAlign = "left";
    g.fillText(day(t0), left, h - 8);
    g.textAlign = "right";
    g.fillText(day(t1), w - 10, h - 8);
    g.strokeStyle = css("--hit");
    g.lineWidth = 1.5;
    g.beginPath();
    for (const [t, v] of p) g.lineTo(x(t), y(v));
    g.stroke();
    hover($("equity"), (px) => {
      const t = t0 + (px - left) / (w - left - 10) * (t1 - t0);
      const k = p.findIndex((q) => q[0] >= t);
      return k < 0 || px < left ? "" : `${clock(p[k][0])} UTC\n${number(p[k][1])}`;
    });
  });
}

$("identity").textContent = "sweep " + D.sweep + " · dataset " + D.dataset;
head();
fillHead();
heatMaps();
if (sorted.length) parallel();
distribution();
equity();
