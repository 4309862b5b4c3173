/* The price chart. It holds a slice of one level of detail around what is seen; moving or zooming
 * takes another slice, or another level, so that it never draws more bars than the screen shows. */
"use strict";
const Trades = (() => {
  const columns = {}, types = { u32: Uint32Array, f32: Float32Array, f64: Float64Array };
  for (const type in types) for (const name in D.trades[type]) columns[name] = unpack(D.trades[type][name], types[type]);
  const names = Object.keys(columns), word = (k) => D.trade_words[k] ?? null;
  return Array.from(columns.id, (_, i) => {
    const t = Object.fromEntries(names.map((name) => [name, columns[name][i]]));
    return { ...t, side: t.side | 0, entry_ms: t.entry_s * 1000, exit_ms: t.exit_s * 1000, reason: word(t.reason),
      entered: word(t.entered), left: word(t.left) };
  });
})();
const Price = (() => {
  if (!D.market) return null;
  const times = (l) => { /* each run: the minute at which it begins, and its bars */
    const runs = unpack(l.runs, Uint32Array), time = [];
    for (let k = 0; k < runs.length; k += 2) for (let i = 0; i < runs[k + 1]; i++) time.push(runs[k] + i * l.minutes);
    return Uint32Array.from(time);
  };
  const levels = D.market.levels.map((l) => ({ ...l, time: times(l),
    open: unpack(l.open, Float32Array), high: unpack(l.high, Float32Array),
    low: unpack(l.low, Float32Array), close: unpack(l.close, Float32Array) }));
  if (!levels.length) return null;
  const features = D.market.features.map((f) => ({ ...f, name: f.id + (f.output ? "." + f.output : ""),
    levels: f.levels.map((x) => x && unpack(x, Float32Array)) }));
  const structures = D.market.structures.map((s) => ({ ...s, name: s.id + "." + s.output.replace("_upper", ""),
    from: unpack(s.from, Uint32Array), to: unpack(s.to, Uint32Array), low: unpack(s.low, Float32Array),
    high: s.zone ? unpack(s.high, Float32Array) : null }));
  const whole = levels.find((l) => l.whole) || levels[0];
  const first = D.result.window.start_ms / 60000, last = D.result.window.ended_ms / 60000;
  const ambiguous = D.result.ambiguous_bars;
  /* No more decimals than the tick has, and six digits in all: a generic tick has eight decimals. */
  const decimals = Math.min((String(D.result.instrument.tick || "0.01").split(".")[1] || "").replace(/0+$/, "").length,
    Math.max(1, 5 - Math.floor(Math.log10(whole.close[0] || 1))));
  const tints = { light: ["#2563c9", "#b0620a", "#7a3db8", "#0f7f86", "#b0336f", "#5d7416", "#5b5bd0", "#8a5a3c"],
    dark: ["#7fb0ff", "#f0b45b", "#c79bff", "#5fd0d6", "#f58fc0", "#b4cf5f", "#a3a3ff", "#d8a684"] };
  const tint = (k) => tints[scheme()][k % 8];
  const node = $("price-chart"), LC = LightweightCharts;
  const chart = LC.createChart(node, { autoSize: true });
  const candles = chart.addSeries(LC.CandlestickSeries, { priceLineVisible: false, lastValueVisible: false,
    priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals } });
  const scale = chart.timeScale();
  const now = { level: -1, from: 0, to: 0, t0: 0, t1: 0, trade: null };
  const on = { trades: true, levels: true, ambiguous: true };
  let lines = [];
  /* Entries and exits stay in view, beyond the candles too (a liquidation), and so do the chosen trade's
   * stop and target. */
  const isSeen = (t) => t.exit_ms / 60000 >= now.t0 && t.entry_ms / 60000 <= now.t1;
  candles.applyOptions({ autoscaleInfoProvider: (original) => {
    const info = original(), range = info && info.priceRange, t = now.trade;
    if (!range) return info;
    const reach = (level) => {
      if (missing(level)) return;
      range.minValue = Math.min(range.minValue, level);
      range.maxValue = Math.max(range.maxValue, level);
    };
    if (on.trades) for (const x of Trades) {
      if (x.entry_ms / 60000 >= now.t0 && x.entry_ms / 60000 <= now.t1) reach(x.entry);
      if (x.exit_ms / 60000 >= now.t0 && x.exit_ms / 60000 <= now.t1) reach(x.exit);
    }
    if (t && isSeen(t)) { reach(t.stop); reach(t.target); }
    return info;
  } });

  /* Index of the last bar of a level that opens at or before a minute, -1: none. */
  function at(time, minute) {
    let lo = 0, hi = time.length;
    while (lo < hi) { const m = (lo + hi) >> 1; if (time[m] <= minute) lo = m + 1; else hi = m; }
    return lo - 1;
  }
  /* The same as a fraction, continued beyond both ends. */
  function place(l, minute) {
    const i = Math.max(0, at(l.time, minute)), step = (minute - l.time[i]) / l.minutes;
    return i < l.time.length - 1 ? i + Math.min(step, 1) : i + step;
  }
  const minuteAt = (l, x) => {
    const i = Math.min(Math.max(Math.floor(x), 0), l.time.length - 1);
    return l.time[i] + (x - i) * l.minutes;
  };
  const covers = (l, t0, t1) => {
    const a = Math.max(t0, first), b = Math.min(t1, last), i = at(l.time, a), k = at(l.time, b - 1);
    return i >= 0 && k >= i && (k - i + 1) * l.minutes >= (b - a) * 0.98 && l.time[k] + l.minutes >= b - l.minutes;
  };
  function levelFor(t0, t1) {
    const w = Math.max(300, node.clientWidth), bars = (k) => (t1 - t0) / levels[k].minutes;
    const usable = (k) => levels[k].whole || covers(levels[k], t0, t1);
    const k = now.level;
    if (k >= 0 && bars(k) <= w * 0.6 && bars(k) >= w / 12 && usable(k)) return k;
    let best = 0;
    for (let i = 0; i < levels.length; i++) if (usable(i) && bars(i) <= w * 0.45) best = i;
    return best;
  }

  const valueOf = (f, k, i) => {
    if (f.levels[k]) return f.levels[k][i];
    let own = k; /* a column of a slower timeframe: its own last value closed by then */
    while (own >= 0 && !f.levels[own]) own--;
    if (own < 0) return NaN;
    const l = levels[own], j = at(l.time, levels[k].time[i] + levels[k].minutes - l.minutes);
    return j < 0 ? NaN : f.levels[own][j];
  };
  function fill() {
    const l = levels[now.level], bars = [];
    for (let i = now.from; i < now.to; i++)
      bars.push({ time: l.time[i] * 60, open: l.open[i], high: l.high[i], low: l.low[i], close: l.close[i] });
    lines.forEach((x) => x.series.setData([])); /* no old times beside the new ones */
    candles.setData(bars);
    for (const { series, feature } of lines) {
      const data = [];
      for (let i = now.from; i < now.to; i++) {
        const v = valueOf(feature, now.level, i);
        data.push(Number.isNaN(v) ? { time: l.time[i] * 60 } : { time: l.time[i] * 60, value: v });
      }
      series.setData(data);
    }
  }
  function show(t0, t1) {
    now.level = levelFor(t0, t1);
    const l = levels[now.level], margin = (t1 - t0) * 1.5;
    now.from = Math.max(0, at(l.time, t0 - margin));
    now.to = Math.min(l.time.length, at(l.time, t1 + margin) + 1);
    if (!l.whole) { /* only the window around what is seen */
      let i = Math.max(0, at(l.time, Math.max(t0, first))), k = i;
      while (i > now.from && l.time[i] - l.time[i - 1] === l.minutes) i--;
      while (k < now.to - 1 && l.time[k + 1] - l.time[k] === l.minutes) k++;
      now.from = i;
      now.to = k + 1;
    }
    fill();
    scale.setVisibleLogicalRange({ from: place(l, t0) - now.from - 0.5, to: place(l, t1) - now.from - 0.5 });
    now.t0 = t0;
    now.t1 = t1;
    const mine = ++shows; /* the chart takes the new range at its next frame: what it says before is old */
    requestAnimationFrame(() => requestAnimationFrame(() => { if (mine === shows) shown = mine; }));
    tell();
  }
  function tell() {
    const l = levels[now.level];
    $("level").textContent = `${l.tf} candles, ${clock(Math.max(now.t0, first) * 60000)} to ` +
      `${clock(Math.min(now.t1, last) * 60000)} UTC`;
  }
  let pending = 0, shows = 0, shown = 0;
  scale.subscribeVisibleLogicalRangeChange((range) => {
    if (!range || pending || shown !== shows) return;
    pending = requestAnimationFrame(() => {
      pending = 0;
      if (shown !== shows) return;
      const l = levels[now.level], r = scale.getVisibleLogicalRange();
      if (!r) return;
      now.t0 = minuteAt(l, r.from + now.from + 0.5);
      now.t1 = minuteAt(l, r.to + now.from + 0.5);
      const near = (now.t1 - now.t0) * 0.2;
      const more = (now.t0 - near < l.time[now.from] && now.from > 0 && now.t0 > first - near) ||
        (now.t1 + near > l.time[now.to - 1] && now.to < l.time.length && now.t1 < last + near);
      const best = levelFor(now.t0, now.t1);
      if (best !== now.level || (more && l.whole)) show(now.t0, now.t1);
      else tell();
    });
  });

  /* ---- what is drawn over the candles ---- */
  let x0 = 0, dx = 1;
  const X = (minute) => x0 + (place(levels[now.level], minute) - now.from + 0.5) * dx - dx / 2;
  const Y = (price) => candles.priceToCoordinate(price);
  function drawStructures(g) {
    structures.forEach((s, k) => {
      if (!s.on) return;
      g.fillStyle = g.strokeStyle = tint(k + 3);
      for (let i = 0; i < s.from.length; i++) {
        if (s.to[i] < now.t0 || s.from[i] > now.t1) continue;
        const a = X(s.from[i]), b = X(s.to[i]), y = Y(s.low[i]);
        if (s.zone) {
          const top = Y(s.high[i]);
          g.globalAlpha = 0.13; g.fillRect(a, top, b - a, Math.max(1, y - top));
          g.globalAlpha = 0.6; g.strokeRect(a, top, b - a, Math.max(1, y - top));
        } else {
          g.globalAlpha = 0.85; g.beginPath(); g.moveTo(a, y); g.lineTo(b, y); g.stroke();
        }
      }
    });
    g.globalAlpha = 1;
  }
  function triangle(g, x, y, up, colour) {
    g.fillStyle = colour;
    g.strokeStyle = css("--card");
    g.beginPath();
    const s = up ? 1 : -1;
    g.moveTo(x, y + 3 * s); g.lineTo(x - 5, y + 12 * s); g.lineTo(x + 5, y + 12 * s); g.closePath();
    g.fill(); g.stroke();
  }
  function drawStop(g, t, a, b) {
    let level = t.stop, x = a;
    if (missing(level)) return;
    g.strokeStyle = css("--down");
    g.setLineDash([4, 3]);
    g.beginPath();
    g.moveTo(a, Y(level));
    for (const [when, moved] of D.stop_moves) {
      if (when < t.entry_ms || when >= t.exit_ms) continue;
      x = X(when / 60000); g.lineTo(x, Y(level)); level = moved; g.lineTo(x, Y(level));
    }
    g.lineTo(b, Y(level)); g.stroke(); g.setLineDash([]);
  }
  function drawTrade(g, t) {
    const a = X(t.entry_ms / 60000), b = X(t.exit_ms / 60000), chosen = now.trade === t;
    const ya = Y(t.entry), yb = Y(t.exit), won = css(t.net > 0 ? "--up" : "--down");
    if (b - a > 10 || chosen) {
      g.globalAlpha = chosen ? 0.16 : 0; /* slices of one position would cover each other */
      const edge = missing(t.stop) ? yb : Y(t.stop), goal = missing(t.target) ? yb : Y(t.target);
      g.fillStyle = css("--down"); if (!missing(t.stop)) g.fillRect(a, Math.min(ya, edge), b - a, Math.abs(edge - ya));
      g.fillStyle = css("--up"); if (!missing(t.target)) g.fillRect(a, Math.min(ya, goal), b - a, Math.abs(goal - ya));
      g.globalAlpha = 1;
      drawStop(g, t, a, b);
      if (!missing(t.target)) {
        g.strokeStyle = css("--up"); g.setLineDash([4, 3]);
        g.beginPath(); g.moveTo(a, goal); g.lineTo(b, goal); g.stroke(); g.setLineDash([]);
      }
    }
    g.strokeStyle = won; g.lineWidth = chosen ? 2.5 : 1.5;
    g.beginPath(); g.moveTo(a, ya); g.lineTo(b, yb); g.stroke(); g.lineWidth = 1;
    triangle(g, a, ya, t.side > 0, css("--accent"));
    g.fillStyle = won; g.strokeStyle = css("--card");
    g.beginPath(); g.arc(b, yb, chosen ? 5 : 4, 0, 7); g.fill(); g.stroke();
  }
  function drawAmbiguous(g) {
    const l = levels[now.level];
    g.fillStyle = css("--warn");
    g.font = "bold 11px system-ui, sans-serif"; g.textAlign = "center";
    for (const ms of ambiguous) {
      const m = ms / 60000;
      if (m < now.t0 || m > now.t1) continue;
      const y = Y(l.high[Math.max(0, at(l.time, m))]);
      g.fillText("?", X(m), y - 6);
    }
  }
  const layer = { zOrder: () => "top", renderer: () => ({ draw: (target) => target.useMediaCoordinateSpace((s) => {
    if (now.level < 0) return;
    const g = s.context;
    x0 = scale.logicalToCoordinate(0); dx = scale.logicalToCoordinate(1) - x0;
    drawStructures(g);
    if (on.trades) for (const t of Trades) if (isSeen(t)) drawTrade(g, t);
    if (on.ambiguous) drawAmbiguous(g);
  }) }) };
  let refresh = () => {};
  candles.attachPrimitive({ paneViews: () => [layer], updateAllViews() {}, attached: (p) => { refresh = p.requestUpdate; } });

  /* ---- what is shown ---- */
  function rebuild() {
    lines.forEach((x) => chart.removeSeries(x.series));
    const panes = new Map();
    lines = features.filter((f) => f.on).map((f) => {
      if (!f.price && !panes.has(f.id)) panes.set(f.id, panes.size + 1);
      const series = chart.addSeries(LC.LineSeries, { color: tint(f.colour), lineWidth: 1, priceLineVisible: false,
        lastValueVisible: !f.price, title: f.price ? "" : f.name, crosshairMarkerVisible: false,
        autoscaleInfoProvider: undefined }, f.price ? 0 : panes.get(f.id));
      return { series, feature: f };
    });
    chart.panes().forEach((p, k) => p.setStretchFactor(k ? 1 : 3.5));
    node.style.height = panes.size > 1 ? `${(innerWidth < 600 ? 27 : 34) + 6 * (panes.size - 1)}rem` : "";
    if (now.level >= 0) fill();
  }
  function check(name, colour, checked, change) {
    const label = element("label", null, $("shown")), box = element("input", null, label);
    box.type = "checkbox"; box.checked = checked;
    if (colour !== null) element("i", null, label).style.background = tint(colour);
    label.append(name);
    box.onchange = () => change(box.checked);
  }
  function checks() {
    $("shown").replaceChildren();
    check("trades, stops, targets", null, on.trades, (v) => { on.trades = v; refresh(); });
    if (ambiguous.length) check("ambiguous bars (?)", null, on.ambiguous, (v) => { on.ambiguous = v; refresh(); });
    features.forEach((f) => check(f.name + (f.tf !== D.result.data.exec ? ` (${f.tf})` : ""), f.colour, f.on,
      (v) => { f.on = v; rebuild(); }));
    structures.forEach((s, k) => check(s.name, k + 3, s.on, (v) => { s.on = v; refresh(); }));
  }
  function paint() {
    const grid = { color: css("--shade") }, line = { borderColor: css("--line") };
    chart.applyOptions({ layout: { background: { color: css("--card") }, textColor: css("--dim"), fontSize: 11,
      attributionLogo: true, panes: { separatorColor: css("--line") } }, grid: { vertLines: grid, horzLines: grid },
      rightPriceScale: { ...line, entireTextOnly: true }, timeScale: { ...line, timeVisible: true, secondsVisible: false, rightOffset: 2 } });
    candles.applyOptions({ upColor: css("--up"), downColor: css("--down"), wickUpColor: css("--up"),
      wickDownColor: css("--down"), borderVisible: false });
    checks();
    rebuild();
  }
  let own = new Set(), onPrice = 0;
  features.forEach((f, k) => {
    f.colour = k;
    f.on = f.price ? onPrice++ < 8 : own.has(f.id) || own.size < 3;
    if (!f.price && f.on) own.add(f.id);
  });
  structures.forEach((s, k) => { s.on = k < 6 && !/^(swept|new_|last_|leg_)/.test(s.output); });
  redraws.push(paint);
  paint();

  const all = () => show(first, last);
  function jump(t) {
    now.trade = t;
    const a = t.entry_ms / 60000, b = t.exit_ms / 60000, exec = levels.find((l) => l.tf === D.result.data.exec) || whole;
    const pad = Math.max((b - a) * 0.6, 25 * exec.minutes);
    show(a - pad, b + pad);
    refresh();
  }
  function move(by, zoom) {
    const w = now.t1 - now.t0, mid = now.t0 + w / 2 + by * w, half = Math.max(10, Math.min(w * zoom, last - first) / 2);
    show(mid - half, mid + half);
  }
  node.addEventListener("keydown", (e) => {
    const keys = { ArrowLeft: () => move(-0.2, 1), ArrowRight: () => move(0.2, 1), "+": () => move(0, 0.6),
      "=": () => move(0, 0.6), "-": () => move(0, 1.6), a: all, Home: all };
    if (!keys[e.key] || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    keys[e.key]();
  });
  $("all").onclick = all;
  const notes = [];
  const fine = levels[levels.length - 1];
  if (!fine.whole) notes.push(`${fine.tf} candles are kept around entries, exits and ambiguous bars; elsewhere the finest is ${
    levels.length > 1 ? levels[levels.length - 2].tf : "none"}.`);
  if (D.trades_left_out) notes.push(`The last ${counted(Trades.length, "trade")} are drawn.`);
  if (D.stop_moves_left_out) notes.push(`Left out: the first ${counted(D.stop_moves_left_out, "move")} of their stops, before ${
    clock(D.stop_moves[0][0])} UTC; until then a stop is drawn where it was first.`);
  if (D.market.features_left_out) notes.push(`${D.market.features_left_out} feature outputs are left out for size (perpetua columns has all).`);
  notes.push("Triangle: entry, pointing its way. Dot: exit, green when it won. Dashed: stop and target.");
  $("price-note").textContent = notes.join(" ");
  return { all, jump, seen: () => { /* what the chart itself says, in ms */
    const l = levels[now.level], r = scale.getVisibleLogicalRange();
    return [minuteAt(l, r.from + now.from + 0.5) * 60000, minuteAt(l, r.to + now.from + 0.5) * 60000];
  }, level: () => levels[now.level].tf };
})();
