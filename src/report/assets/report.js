/* The page around the price chart: numbers, equity, trades, distributions, rules, identity. */
"use strict";
const R = D.result, M = R.metrics;
const pct = (x, sign = false) => (missing(x) ? "–" : number(x, 2, sign) + " %");
const usdt = (x, sign = false) => number(x, 2, sign);
const share = (n, of) => (of ? pct((100 * n) / of) : "–");

/* ---- head, cards, findings ---- */
document.title = `${R.play_id} ${R.symbol}: backtest`;
$("title").textContent = `${R.play_id} on ${R.symbol}`;
$("subtitle").textContent = `${clock(R.window.start_ms)} to ${clock(R.window.ended_ms)} UTC, decisions on ${R.data.exec}, ` +
  `tape ${R.data.tape}. ${R.status === "done" ? "Ran to the end." : "Stopped: " + R.stop_reason.replaceAll("_", " ") + "."}`;
[["Net profit", usdt(M.net_profit, true), tone(M.net_profit), "USDT after all costs"],
  ["Return", pct(M.net_return_pct, true), tone(M.net_return_pct), `buy and hold ${pct(M.benchmark_return_pct, true)}`],
  ["Max drawdown", pct(M.max_drawdown_pct), "", "of equity, at tape closes"],
  ["Sharpe", number(M.sharpe), "", missing(M.sortino) ? (missing(M.sharpe) ? "too few days" : "no losing day") : `Sortino ${number(M.sortino)}`],
  ["Trades", number(M.total_trades, 0), "", `${number(M.long_trades, 0)} long, ${number(M.short_trades, 0)} short`],
  ["Win rate", pct(M.win_rate), "", `payoff ${number(M.payoff_ratio)}`],
  ["Profit factor", number(M.profit_factor), "", missing(M.profit_factor) ? "no loss to divide by" : "profit / loss"],
  ["Expectancy", usdt(M.expectancy_usdt, true), tone(M.expectancy_usdt), missing(M.expectancy_r) ? "USDT a trade" : `${number(M.expectancy_r)} R a trade`],
  ["Costs", usdt(M.total_fees - M.net_funding + M.slippage_usdt + M.impact_usdt), "", `fees ${usdt(M.total_fees)}, funding ${usdt(M.net_funding, true)}`],
  ["Time in market", pct(M.time_in_market_pct), "", `${number(M.liquidations, 0)} liquidations`],
].forEach(([name, value, cls, note]) => {
  const c = element("div", null, $("cards"), "card");
  element("span", name, c); element("b", value, c, cls); element("small", note, c);
});
const objections = [...R.findings.map((f) => [f.severity, f.text, f.advice]), ...R.warnings.map((w) => ["warning", w, ""])];
objections.forEach(([severity, text, advice]) => {
  const li = element("li", null, $("finding-list"), severity === "warning" ? "caution" : severity);
  element("b", severity, li); li.append(text);
  if (advice) element("div", advice, li, "dim");
});
if (!objections.length) element("li", "None of the checks objects to this run.", $("finding-list"));

/* ---- equity and drawdown ---- */
const E = { time: Array.from(unpack(D.equity.time, Uint32Array)) };
for (const [k, Type] of [["equity", Float64Array], ["drawdown", Float32Array], ["hold", Float64Array]])
  E[k] = Array.from(unpack(D.equity[k], Type), (v) => (Number.isNaN(v) ? null : v));
let plots = [], gutter = 0;
function legend(u) {
  const i = u && u.cursor.idx != null ? u.cursor.idx : E.time.length - 1, node = $("equity-legend");
  node.replaceChildren();
  element("span", clock(E.time[i] * 1000) + " UTC", node);
  [["equity", "--accent", usdt(E.equity[i])], ["buy and hold", "--hold", usdt(E.hold[i])],
    ["drawdown", "--down", pct(E.drawdown[i])]].forEach(([name, colour, value]) => {
    const s = element("span", null, node);
    element("i", null, s).style.background = css(colour);
    s.append(`${name} ${value}`);
  });
}
/* Days where days are apart, else hours; the year where it begins. */
const monthNames = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
function dates(_, splits, axis, space, step) {
  return splits.map((s, k) => {
    const t = new Date(s * 1000), before = k ? new Date(splits[k - 1] * 1000).getUTCFullYear() : 0;
    const date = step >= 28 * 86400 ? monthNames[t.getUTCMonth()] : `${t.getUTCDate()} ${monthNames[t.getUTCMonth()]}`;
    const text = step < 86400 && (t.getUTCHours() || t.getUTCMinutes()) ? t.toISOString().slice(11, 16) : date;
    return t.getUTCFullYear() === before ? text : `${text}\n${t.getUTCFullYear()}`;
  });
}
/* What the widest label of an axis needs, alike for both plots: the upper one is drawn first. */
function room(u, labels) {
  u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  (labels || []).forEach((x) => { gutter = Math.max(gutter, Math.ceil(u.ctx.measureText(x).width / devicePixelRatio) + 20); });
  return gutter;
}
function plot(id, height, series) {
  const axis = { stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 },
    font: "11px system-ui, sans-serif" };
  const u = new uPlot({ width: $(id).clientWidth, height, tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
    legend: { show: false }, cursor: { sync: { key: "equity" }, drag: { x: true, y: false } },
    scales: { x: { time: true } },
    axes: [{ ...axis, values: dates }, { ...axis, values: (_, v) => v.map((x) => x.toLocaleString("en")), size: room }],
    series: [{}, ...series.map(([, stroke, fill]) => ({ stroke: css(stroke), width: 1.5, points: { show: false },
      fill: fill ? css(stroke) + "28" : undefined }))],
    hooks: { setCursor: [legend] } }, [E.time, ...series.map(([k]) => E[k])], $(id));
  plots.push(u);
}
function drawEquity() {
  plots.forEach((p) => p.destroy());
  plots = [];
  gutter = 0;
  plot("equity-chart", 260, [["hold", "--hold"], ["equity", "--accent"]]);
  plot("drawdown-chart", 120, [["drawdown", "--down", true]]);
  legend(null);
}
redraws.push(drawEquity);
drawEquity();

/* ---- trades: filter, sort, page, jump ---- */
const columns = [["id", "#"], ["side", "Side"], ["entry_ms", "Entered (UTC)"], ["exit_ms", "Left (UTC)"], ["entry", "Entry"],
  ["exit", "Exit"], ["qty", "Qty"], ["net", "Net USDT"], ["return_pct", "Return %"], ["r", "R"], ["mae_pct", "MAE %"],
  ["mfe_pct", "MFE %"], ["fees", "Fees"], ["funding", "Funding"], ["time", "Time"], ["reason", "Exit by"], ["entered", "Rule"]];
Trades.forEach((t) => { t.time = t.exit_ms - t.entry_ms; });
const list = { sort: "id", down: false, page: 0, rows: Trades, chosen: null, size: 100 };
/* Prices and quantities with every decimal that any of them has, up to those of the contract's step, or of
 * seven digits: the step of a generic contract, and averages of fills, have eight decimals. */
const exact = (step, ...keys) => {
  const values = Trades.flatMap((t) => keys.map((k) => t[k])), top = values.reduce((a, b) => Math.max(a, b), 1e-8);
  const most = Math.max(Number(step) > 1e-8 ? places(Number(step)) : 0, 2, 6 - Math.floor(Math.log10(top)));
  const decimals = Math.min(most, values.reduce((n, v) => Math.max(n, places(v)), 0));
  return (v) => number(v, decimals);
};
const price = exact(R.instrument.tick, "entry", "exit");
const cells = { id: (v) => v, side: (v) => (v > 0 ? "long" : "short"), entry_ms: clock, exit_ms: clock, time: span, entry: price, exit: price,
  qty: exact(R.instrument.qty_step, "qty"), reason: (v) => (v || "–").replaceAll("_", " "), entered: (v) => v || "–" };
const textual = new Set(["side", "reason", "entered"]);
function filtered() {
  const side = $("side").value, out = $("outcome").value, why = $("reason").value, find = $("search").value.trim().toLowerCase();
  const rows = Trades.filter((t) => (!side || String(t.side) === side) && (!out || (out === "win" ? t.net > 0 : t.net < 0)) &&
    (!why || t.reason === why) && (!find || String(t.id) === find || `${clock(t.entry_ms)} ${clock(t.exit_ms)} ${t.entered} ${
    t.left} ${cells.reason(t.reason)}`.toLowerCase().includes(find)));
  const k = list.sort, order = list.down ? -1 : 1;
  const sorted = (a, b) => (missing(a[k]) ? 1 : missing(b[k]) ? -1 : order * (a[k] > b[k] ? 1 : a[k] < b[k] ? -1 : a.id - b.id));
  return rows.sort(sorted);
}
function choose(t, jump) {
  list.chosen = t;
  const at = list.rows.indexOf(t);
  if (at >= 0 && Math.floor(at / list.size) !== list.page) { list.page = Math.floor(at / list.size); drawTrades(); }
  document.querySelectorAll("#trade-table tbody tr").forEach((tr) => {
    const mine = Number(tr.dataset.id) === t.id;
    tr.classList.toggle("on", mine);
    tr.setAttribute("aria-selected", mine);
  });
  if (!jump || !Price) return;
  Price.jump(t);
  const box = $("price").getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) $("price").scrollIntoView({ block: "start" });
}
function drawTrades() {
  const node = $("trade-table"), from = list.page * list.size, rows = list.rows.slice(from, from + list.size);
  const cls = (k) => (textual.has(k) ? "l" : "");
  const head = columns.map(([k, name]) => {
    const b = element("button", name + (list.sort === k ? (list.down ? " ▾" : " ▴") : ""));
    b.type = "button"; b.dataset.sort = k;
    b.onclick = () => {
      list.down = list.sort === k ? !list.down : !textual.has(k) && k !== "id";
      list.sort = k; update();
      document.querySelector(`[data-sort=${k}]`).focus();
    };
    return [b, cls(k)];
  });
  table(node, head, rows.map((t) => columns.map(([k]) => [cells[k] ? cells[k](t[k]) : usdt(t[k]),
    `${cls(k)} ${k === "net" || k === "return_pct" || k === "r" ? tone(t[k]) : ""}`])));
  node.querySelectorAll("th").forEach((th, k) => th.setAttribute("aria-sort",
    columns[k][0] !== list.sort ? "none" : list.down ? "descending" : "ascending"));
  [...node.tBodies[0].rows].forEach((tr, i) => {
    const t = rows[i];
    tr.tabIndex = 0; tr.dataset.id = t.id; tr.classList.toggle("on", t === list.chosen);
    tr.onclick = () => choose(t, true);
    tr.onkeydown = (e) => {
      if (e.key === "Enter" || e.key === " ") choose(t, true);
      else if (e.key === "ArrowDown" && tr.nextSibling) tr.nextSibling.focus();
      else if (e.key === "ArrowUp" && tr.previousSibling) tr.previousSibling.focus();
      else return;
      e.preventDefault();
    };
  });
  const n = list.rows.length, pages = Math.max(1, Math.ceil(n / list.size));
  const net = list.rows.reduce((s, t) => s + t.net, 0);
  $("trade-count").textContent = `${number(n, 0)} of ${counted(Trades.length, "trade")}, net ${usdt(net, true)} USDT` +
    (D.trades_left_out ? ` (the first ${number(D.trades_left_out, 0)} are left out; perpetua show RUN trades has all)` : "");
  $("page").textContent = `page ${list.page + 1} of ${pages}`;
  $("earlier").parentNode.hidden = pages === 1;
  $("earlier").disabled = list.page === 0;
  $("later").disabled = list.page >= pages - 1;
}
function update() { list.page = 0; list.rows = filtered(); drawTrades(); }
[...new Set(Trades.map((t) => t.reason))].sort().forEach((r) => { element("option", cells.reason(r), $("reason")).value = r; });
["side", "outcome", "reason", "search"].forEach((id) => $(id).addEventListener("input", update));
$("earlier").onclick = () => { list.page--; drawTrades(); };
$("later").onclick = () => { list.page++; drawTrades(); };
function step(by) {
  if (!list.rows.length) return;
  const at = list.rows.indexOf(list.chosen);
  choose(list.rows[at < 0 ? (by > 0 ? 0 : list.rows.length - 1) : Math.min(list.rows.length - 1, Math.max(0, at + by))], true);
}
$("next").onclick = () => step(1);
$("previous").onclick = () => step(-1);
$("price-chart").addEventListener("keydown", (e) => { if (e.key === "n") step(1); else if (e.key === "p") step(-1); });
update();
if (Price) Price.all();
else {
  $("price").hidden = true;
  document.querySelector("nav a[href='#price']").hidden = true;
}

/* ---- months ---- */
function drawMonths() {
  const unknown = new Set(D.months_without_data), years = new Map(), sum = new Map(R.periods.year.map((y) => [new Date(y.open_ms).getUTCFullYear(), y.return_pct]));
  for (const m of R.periods.month) {
    const t = new Date(m.open_ms), y = t.getUTCFullYear();
    if (!years.has(y)) years.set(y, Array(12).fill(undefined));
    years.get(y)[t.getUTCMonth()] = m.return_pct === 0 && unknown.has(m.open_ms) ? null : m.return_pct;
  }
  const most = Math.max(1, ...R.periods.month.map((m) => Math.abs(m.return_pct || 0)));
  table($("months"), [["Year", "l"], ...monthNames, "Year"], [...years].map(([y, months]) =>
    [[String(y), "l"], ...months.map((v) => (v === undefined ? "" : number(v, 1, true))), number(sum.get(y), 1, true)]));
  [...$("months").tBodies[0].rows].forEach((tr, k) => [...years.values()][k].forEach((v, m) => {
    if (!v) return;
    const strength = Math.round(12 + 48 * Math.abs(v) / most);
    tr.cells[m + 1].style.background = `color-mix(in srgb, ${css(v < 0 ? "--down" : "--up")} ${strength}%, ${css("--card")})`;
  }));
}
redraws.push(drawMonths);
drawMonths();

/* ---- distributions ---- */
if (D.trades_left_out) document.querySelectorAll("figcaption").forEach((f) => f.append(`, last ${counted(Trades.length, "trade")}`));
function axes(g, w, h, pad, labelX, labelY) {
  g.strokeStyle = css("--line"); g.fillStyle = css("--dim");
  g.beginPath(); g.moveTo(pad, 6); g.lineTo(pad, h - 30); g.lineTo(w - 6, h - 30); g.stroke();
  g.textAlign = "center"; g.fillText(labelX, (pad + w) / 2, h - 3);
  g.save(); g.translate(10, (h - 30) / 2); g.rotate(-Math.PI / 2); g.fillText(labelY, 0, 0); g.restore();
}
const nothing = (g, w, h) => { g.fillStyle = css("--dim"); g.textAlign = "center"; g.fillText("no trades", w / 2, h / 2); };
let dots = [];
canvas("excursions", (g, w, h) => {
  const rows = Trades.filter((t) => !missing(t.mae_pct));
  dots = [];
  if (!rows.length) return nothing(g, w, h);
  const high = (k) => Math.max(0.01, ...rows.map((t) => t[k])) * 1.05, mx = high("mae_pct"), my = high("mfe_pct"), pad = 48;
  axes(g, w, h, pad, "adverse, % of entry", "favourable, %");
  for (let k = 0; k <= 4; k++) {
    g.textAlign = "center"; g.fillText(number(mx * k / 4, placesOf(mx / 4, 1)), pad + (w - pad - 14) * k / 4, h - 17);
    g.textAlign = "right"; g.fillText(number(my * k / 4, placesOf(my / 4, 1)), pad - 4, h - 27 - (h - 42) * k / 4);
  }
  for (const t of rows) {
    const x = pad + (w - pad - 14) * t.mae_pct / mx, y = h - 30 - (h - 42) * t.mfe_pct / my;
    dots.push([x, y, t]);
    g.globalAlpha = 0.65; g.fillStyle = css(t.net > 0 ? "--up" : "--down");
    g.beginPath();
    if (t.net > 0) g.arc(x, y, 3.2, 0, 7); else g.rect(x - 2.8, y - 2.8, 5.6, 5.6);
    g.fill();
  }
  g.globalAlpha = 1;
});
const nearest = (e) => dots.reduce((best, d) => {
  const far = Math.hypot(d[0] - e.offsetX, d[1] - e.offsetY);
  return far < best[0] ? [far, d[2]] : best;
}, [12, null])[1];
$("excursions").onmousemove = (e) => {
  const t = nearest(e);
  tip(e, t && `trade ${t.id}, ${t.side > 0 ? "long" : "short"}\nnet ${usdt(t.net, true)} USDT\nMAE ${pct(t.mae_pct)}, MFE ${pct(t.mfe_pct)}`);
};
$("excursions").onclick = (e) => { const t = nearest(e); if (t) choose(t, true); };

function histogram(id, values, colour, label, format) {
  let bins = [];
  canvas(id, (g, w, h) => {
    bins = [];
    if (!values.length) return nothing(g, w, h);
    const lo = Math.min(...values), hi = Math.max(...values), one = hi === lo, shown = (v) => format(v, (hi - lo) / 4);
    const n = one ? 5 : Math.min(30, Math.max(6, Math.ceil(2 * Math.cbrt(values.length)))), counts = Array(n).fill(0), pad = 40;
    values.forEach((v) => { counts[one ? 2 : Math.min(n - 1, Math.floor((v - lo) / (hi - lo) * n))]++; });
    const most = Math.max(...counts), wide = (w - pad - 8) / n;
    axes(g, w, h, pad, label, "trades");
    g.textAlign = "right"; g.fillText(number(most, 0), pad - 4, 14); g.fillText("0", pad - 4, h - 28);
    for (let k = 0, before = ""; k <= 4; k++) { /* no label twice */
      const label = shown(lo + (hi - lo) * k / 4), at = one ? 2 : k;
      g.textAlign = at === 4 ? "right" : at ? "center" : "left";
      if (label !== before) g.fillText(label, pad + (w - pad - 8) * at / 4, h - 17);
      before = label;
    }
    counts.forEach((c, k) => {
      const from = lo + (hi - lo) * k / n, to = lo + (hi - lo) * (k + 1) / n, tall = (h - 42) * c / most;
      g.fillStyle = css(colour((from + to) / 2));
      g.fillRect(pad + k * wide + 1, h - 30 - tall, Math.max(1, wide - 2), tall);
      if (c || !one) bins.push([pad + k * wide, pad + (k + 1) * wide, `${one ? shown(lo) : `${shown(from)} to ${shown(to)}`}: ${counted(c, "trade")}`]);
    });
  });
  $(id).onmousemove = (e) => { const b = bins.find((x) => e.offsetX >= x[0] && e.offsetX < x[1]); tip(e, b && b[2]); };
}
histogram("returns", Trades.map((t) => t.return_pct).filter((v) => !missing(v)), (v) => (v < 0 ? "--down" : "--up"),
  "return after costs, % of entry", (v, step) => number(v, step ? placesOf(step, 1) : 2));
histogram("durations", Trades.map((t) => t.time), () => "--accent", "time from entry to exit", span);
["excursions", "returns", "durations"].forEach((id) => { $(id).onmouseleave = () => tip(null, ""); });

/* ---- breakdown ---- */
const side = (s) => [[s, "l"], number(M[s + "_trades"], 0), pct(M[s + "_win_rate"]), number(M[s + "_profit_factor"]),
  [usdt(M[s + "_pnl"], true), tone(M[s + "_pnl"])]];
table($("sides"), [["", "l"], "Trades", "Wins", "Factor", "Net USDT"], [side("long"), side("short")]);
table($("exits"), [["Exit by", "l"], "Trades", "Wins", "Net USDT"], D.exits.sort((a, b) => b[1] - a[1]).map(([reason, n, wins, net]) =>
  [[cells.reason(reason), "l"], number(n, 0), share(wins, n), [usdt(net, true), tone(net)]]));
table($("costs"), [["", "l"], "USDT"], [["Fees, taker", usdt(M.fees_taker)], ["Fees, maker", usdt(M.fees_maker)],
  ["Slippage and spread", usdt(M.slippage_usdt)], ["Impact", usdt(M.impact_usdt)], ["Funding paid", usdt(M.funding_paid)],
  ["Funding received", usdt(M.funding_received)], ["All costs, of gross profit", pct(M.cost_pct_of_gross)]].map(([a, b]) => [[a, "l"], b]));

/* ---- rules: why no trade ---- */
/* Parts that a condition needs to be true; what stands within a `not` or an `any` is none by itself. */
const cases = [], chosen = /^(not|any)\(/;
let within = Infinity;
R.rule_coverage.forEach((c, k) => {
  const next = R.rule_coverage[k + 1];
  if (c.depth <= within) within = Infinity;
  c.part = within === Infinity && (!next || next.depth <= c.depth || chosen.test(c.node));
  if (c.part && chosen.test(c.node)) within = c.depth;
  if (c.depth === 0) cases.push({ ...c, nodes: [] });
  else if (cases.length) cases[cases.length - 1].nodes.push(c);
});
const seen = (c) => c.true + c.false + c.unknown;
const codes = (m) => Object.entries(m || {}).sort((a, b) => b[1] - a[1]).map(([k, n]) => `${k} ${number(n, 0)}`).join(", ");
cases.filter((c) => c.entry).forEach((c) => {
  let text = `${c.case} was true at ${number(c.true, 0)} of ${number(seen(c), 0)} instants`;
  const leaves = c.nodes.filter((x) => x.part).sort((a, b) => a.true - b.true);
  if (c.unknown) text += `, unknown at ${number(c.unknown, 0)}`;
  if (leaves.length && c.true < seen(c))
    text += `. Its rarest part: ${leaves[0].node}, true at ${number(leaves[0].true, 0)}` +
      (leaves[0].true === 0 ? (leaves[0].unknown ? " (see the unknown ones: its inputs were not known)" : ": it never happened") : "");
  else if (!c.true) text += `: ${c.node} never happened`;
  element("li", text + ".", $("why"));
});
element("li", `Entries decided on: ${number(M.entry_attempts, 0)}.` + (codes(M.entry_rejections) ? ` Refused: ${
  codes(M.entry_rejections)}.` : " None was refused.") + (codes(M.vetoes) ? ` Vetoed: ${codes(M.vetoes)}.` : " None was vetoed."), $("why"));
table($("coverage"), [["Case", "l"], ["Condition", "l"], ["Grid", "l"], "True", "False", "Unknown", ["True share", "l"]],
  R.rule_coverage.map((c) => {
    const bar = element("span", null, null, "meter");
    element("i", null, bar).style.width = `${seen(c) ? 100 * c.true / seen(c) : 0}%`;
    const cell = element("span"); cell.append(bar, " " + share(c.true, seen(c)));
    return [[c.depth ? "" : c.case, "l"], ["  ".repeat(c.depth) + c.node, "l"], [c.grid, "l"],
      [number(c.true, 0), c.true ? "" : "down"], number(c.false, 0), number(c.unknown, 0), [cell, "l"]];
  }));

/* ---- metrics, identity, assumptions ---- */
const shown = (v, unit) => (Array.isArray(v) ? v.map(rough).join(" to ") : v && typeof v === "object" ? codes(v) || "none" :
  unit === "USDT" ? usdt(v) : rough(v));
table($("metrics"), [["Metric", "l"], "Value", ["Unit", "l"], ["Formula", "l"]], Object.entries(M).map(([k, v]) => {
  const [unit, , formula] = D.about[k] || ["", "", ""];
  return [[k, "l"], shown(v, unit), [unit, "l"], [formula, "l wrap"]];
}));
[["Run", D.hashes.run], ["Play", D.hashes.play], ["Data", D.hashes.data], ["Instrument", D.hashes.instrument],
  ["Window", `${R.window.start} to ${R.window.end}`], ["Tape bars", `${number(R.data.tape_bars, 0)}, ${number(R.data.filled_bars, 0)} filled`],
  ["Warmup", `${number(R.data.warmup_bars, 0)} ${R.data.exec} bars before the window`], ["Seed", String(D.seed)],
  ["Perpetua", `${D.version}, engine semantics ${R.engine}, schema ${R.schema}`]].forEach(([k, v]) => {
  element("dt", k, $("identity"));
  element("dd", v, $("identity"), /^[0-9a-f]{64}$/.test(v) ? "hash" : "");
});
const order = { adverse: "the extreme against the position first", favourable: "the extreme in favour of the position first",
  near_first: "the extreme nearer to the open first" };
const account = D.play.account || {}, fees = account.fee_model || {}, models = R.models;
const bps = (v) => (missing(v) ? "as in the Play" : `${v} bps`);
[`Decisions are made at the close of a bar from closed bars alone; a market order fills at the next tape price, never at the close it was decided on.`,
  `Inside a tape bar prices visit ${order[R.intrabar] || R.intrabar}. ${number(R.ambiguous_bars.length, 0)} bars had fills that depend on this order.`,
  `Stops and targets fill inside the bar that touches them; a gap through a stop fills at the open, not at the stop.`,
  `Fees: taker ${bps(fees.taker_bps)}, maker ${bps(fees.maker_bps)}. Slippage ${bps(account.slippage_bps)}, spread ${models.spread_bps} bps, impact model ${models.impact}, latency ${models.latency_ms} ms` +
    (Number(models.participation) ? `, at most ${rough(100 * Number(models.participation))} % of a bar's volume.` : ", no limit by volume."),
  R.data.funding ? "Funding is paid and received at each settlement of the data." : "No funding: the data and the Play have none.",
  `Isolated margin at up to ${rough(Number(R.leverage))}x; liquidation when the ${R.data.mark_source === "mark" ? "mark" : "last"} price reaches the liquidation price, settled at the bankruptcy price` +
    (R.data.mark_source === "mark" ? "." : " (the data has no mark prices: the tape's own stand for them)."),
  `Money is counted in whole 1e-8 USDT; the sum of the trades is the change of the wallet to the last unit. An undefined number is shown as –.`,
].forEach((x) => element("li", x, $("assumptions")));
$("play").textContent = JSON.stringify(D.play, null, 2);
document.documentElement.dataset.ready = "1";
