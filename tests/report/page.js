// report.html in headless Chromium (A7): page.js PERPETUA PLAY OUT. Exit 77: something needed is not
// installed. Screenshots in light and dark, wide and narrow, are left in OUT.
"use strict";
if (parseInt(process.versions.node, 10) < 20) {
  console.log("skipped: playwright-core needs Node 20 or later, this is " + process.version);
  process.exit(77);
}
const fs = require("fs"), path = require("path"), { execFileSync, spawnSync } = require("child_process");
const assert = require("assert");
const [perpetua, play, out] = process.argv.slice(2);
const chromiumPath = "/usr/bin/chromium";
let chromium;
try {
  ({ chromium } = require(path.join(__dirname, "../../node_modules/playwright-core")));
} catch { /* below */ }
if (!chromium || !fs.existsSync(chromiumPath)) {
  console.log("skipped: needs playwright-core in node_modules and " + chromiumPath);
  process.exit(77);
}

function run(name, args) {
  const dir = path.join(out, name);
  fs.rmSync(dir, { recursive: true, force: true });
  const done = spawnSync(perpetua, ["run", ...args, "--out", dir, "--format", "json"], { encoding: "utf8", maxBuffer: 1e8 });
  assert(done.status <= 1, done.stderr); /* 1: stopped, as by a liquidation */
  const text = done.stdout;
  const result = JSON.parse(text), at = path.join(dir, result.play_id, result.symbol, result.run_hash.slice(0, 12));
  return { result, file: path.join(at, "report.html"), at };
}

async function open(browser, file, scheme, width) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  await page.addInitScript(() => { /* what canvases are told to write, where it begins, and their circles */
    window.texts = []; window.circles = [];
    const { fillText, arc } = CanvasRenderingContext2D.prototype;
    Object.assign(CanvasRenderingContext2D.prototype, {
      fillText(text, x, y, ...more) {
        const w = this.measureText(text).width, share = { right: 1, end: 1, center: 0.5 }[this.textAlign] || 0;
        const place = this.getTransform().transformPoint(new DOMPoint(x, y)), of = this.canvas.closest("[id]").id;
        window.texts.push({ of, text: String(text), from: place.x - share * w * (this.getTransform().a || 0) });
        return fillText.call(this, text, x, y, ...more);
      },
      arc(x, y, ...more) {
        window.circles.push({ of: this.canvas.closest("[id]").id, y, height: this.canvas.clientHeight });
        return arc.call(this, x, y, ...more);
      },
    });
  });
  const noise = [];
  page.on("console", (m) => noise.push(m.text()));
  page.on("pageerror", (e) => noise.push(String(e.stack)));
  page.on("request", (r) => { if (!/^(file|data|blob):/.test(r.url())) noise.push("request " + r.url()); });
  const start = Date.now();
  await page.goto("file://" + file);
  await page.waitForFunction("document.documentElement.dataset.ready === '1'");
  page.opened = Date.now() - start;
  page.noise = noise;
  return page;
}

// Most colours of a canvas below each node, on a small copy: an empty chart has one or two.
const colours = (page, ids) => page.evaluate((selectors) => selectors.map((s) => {
  const canvases = [...document.querySelectorAll(s + " canvas, canvas" + s)].filter((c) => c.width && c.height);
  return Math.max(...canvases.map((c) => {
    const copy = Object.assign(document.createElement("canvas"), { width: 200, height: 100 });
    const g = copy.getContext("2d", { willReadFrequently: true });
    g.drawImage(c, 0, 0, 200, 100);
    return new Set(new Uint32Array(g.getImageData(0, 0, 200, 100).data.buffer)).size;
  }));
}), ids);
const frames = (page) => page.waitForTimeout(120);

async function look(page) {
  await frames(page);
  const ids = ["#equity-chart", "#drawdown-chart", "#price-chart", "#excursions", "#returns", "#durations"];
  (await colours(page, ids)).forEach((n, k) => assert(n > 4, ids[k] + " is empty"));
  assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false, "wider than the screen");
}

async function useTable(page, trades) {
  const ids = () => page.$$eval("#trade-table tbody tr", (rows) => rows.map((r) => Number(r.dataset.id)));
  const cells = (k) => page.$$eval(`#trade-table tbody td:nth-child(${k})`, (v) => v.map((x) => x.textContent));
  assert.deepStrictEqual(await ids(), trades.slice(0, 100).map((_, i) => i + 1));
  await page.click("[data-sort=net]");
  const net = (await cells(8)).map((x) => Number(x.replace(/,/g, "")));
  assert.deepStrictEqual(net, [...net].sort((a, b) => b - a), "not sorted by net, best first");
  await page.selectOption("#outcome", "loss");
  assert((await cells(8)).every((x) => x.startsWith("-")), "a win among the losses");
  await page.selectOption("#side", "1");
  assert((await cells(2)).every((x) => x === "long"));
  await page.selectOption("#outcome", "");
  await page.selectOption("#side", "");
  await page.fill("#search", "3");
  assert.deepStrictEqual((await ids()).includes(3), true);
  await page.fill("#search", "no such rule");
  assert.deepStrictEqual(await ids(), []);
  await page.fill("#search", "");
  await page.click("[data-sort=id]");
}

// The chart shows trade k, and not much else.
async function showsTrade(page, id) {
  await frames(page);
  const [[from, to], trade, level] = await page.evaluate((n) => [Price.seen(), Trades.find((t) => t.id === n), Price.level()], id);
  assert(from < trade.entry_ms && to > trade.exit_ms, `trade ${id} is not in view`);
  assert(to - from < 6 * (trade.exit_ms - trade.entry_ms) + 2 * 864e5, `trade ${id} is lost in the view`);
  assert.strictEqual(await page.$eval("#trade-table tr.on", (r) => Number(r.dataset.id)), id);
  return level;
}

async function jump(page) {
  const before = await page.evaluate("Price.level()");
  await page.click("#trade-table tbody tr[data-id='2']");
  const level = await showsTrade(page, 2);
  assert.notStrictEqual(level, before, "no other level of detail");
  await page.focus("#trade-table tbody tr[data-id='2']");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await showsTrade(page, 3);
  await page.focus("#price-chart");
  await page.keyboard.press("n");
  await showsTrade(page, 4);
  const seen = await page.evaluate("Price.seen()");
  await page.keyboard.press("ArrowRight");
  await frames(page);
  assert((await page.evaluate("Price.seen()"))[0] > seen[0], "the arrow key does not move the chart");
  await page.keyboard.press("-");
  await frames(page);
  const wide = await page.evaluate("Price.seen()");
  assert(wide[1] - wide[0] > 1.3 * (seen[1] - seen[0]), "minus does not zoom out");
  await page.keyboard.press("a");
  await frames(page);
  assert.strictEqual(await page.evaluate("Price.level()"), before);
}

async function demo(browser) {
  const { result, file } = run("demo", ["--demo"]);
  for (const scheme of ["light", "dark"])
    for (const width of [1440, 390]) {
      const page = await open(browser, file, scheme, width);
      await look(page);
      await page.screenshot({ path: path.join(out, `report-${scheme}-${width}.png`),
        fullPage: (scheme === "light") === (width > 1000) });
      if (scheme === "light" && width === 1440) {
        assert.strictEqual(await cardOf(page, "Trades"), String(result.metrics.total_trades));
        await useTable(page, await page.evaluate("Trades"));
        await jump(page);
        await page.click("#theme");
        assert.strictEqual(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(18, 21, 26)");
        await look(page);
      }
      assert.deepStrictEqual(page.noise, []);
      await page.close();
    }
}

const cardOf = (page, name) => page.evaluate((n) => [...document.querySelectorAll(".card")]
  .find((c) => c.firstChild.textContent === n).querySelector("b").textContent, name);

// Structures are drawn: the chart changes when they are switched off.
async function structures(browser) {
  const { file } = run("zones", [play, "--synthetic", "regime_mix,bars=20000,seed=3"]);
  const page = await open(browser, file, "dark", 1440);
  await look(page);
  await page.click("#trade-table tbody tr[data-id='1']");
  await showsTrade(page, 1);
  const shot = () => page.locator("#price-chart").screenshot();
  const drawn = await shot();
  for (const box of await page.$$("#shown input")) if (await box.isChecked()) await box.click();
  await frames(page);
  assert(!drawn.equals(await shot()), "nothing was drawn over the candles");
  assert((await page.$$eval("#coverage tbody tr", (r) => r.length)) > 3);
  await page.screenshot({ path: path.join(out, "report-structures.png") });
  assert.deepStrictEqual(page.noise, []);
  await page.close();
}

// A7: undefined numbers are dashes; a run without a trade still answers why.
async function empty(browser) {
  const { file, result } = run("empty", [path.join(__dirname, "never.yml"), "--synthetic", "regime_mix,bars=3000,seed=1"]);
  assert.strictEqual(result.metrics.total_trades, 0);
  const page = await open(browser, file, "light", 390);
  await frames(page);
  assert.strictEqual(await cardOf(page, "Win rate"), "–");
  assert.match(await page.textContent("#why"), /never happened/);
  assert.deepStrictEqual(page.noise, []);
  await page.close();
}

function write(name, text) {
  fs.writeFileSync(path.join(out, name), text);
  return path.join(out, name);
}
const playOf = (name, tf, account, rest) => write(name + ".yml", `version: "3.0.0"\nname: ${name}\nsymbol: BTCUSDT\ntf: ${tf}\n` +
  `account: {${account}}\n${rest}`);
const cents = (x) => Number(x).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

// More trades than the page holds, and money of eight digits: what is shown is what the run has, to the cent;
// what covers a part of the trades says so; no label begins outside its picture.
async function many(browser) {
  const { file, result } = run("many", [playOf("many", "1m", "starting_equity_usdt: 25000000",
    "features: {a: {indicator: ema, params: {length: 2}}}\nactions:\n  entry_long: [[close, cross_above, a]]\n" +
    "  exit_long: [[close, cross_below, a]]\nrisk: {stop_loss_pct: 50, trailing: {trail_pct: 20}, sizing: {model: fixed_usdt, value: 1000}}\n"),
    "--synthetic", "regime_mix,bars=60000,seed=1"]);
  const n = result.metrics.total_trades;
  assert(n > 8000, n + " trades are too few for this test");
  const page = await open(browser, file, "light", 390);
  await frames(page);
  const exits = await page.$$eval("#exits tbody tr", (rows) => rows.map((r) => Number(r.cells[1].textContent.replace(/,/g, ""))));
  assert.strictEqual(exits.reduce((a, b) => a + b, 0), n, "exit reasons are those of all trades");
  for (const text of [...await page.$$eval("figcaption", (v) => v.map((x) => x.textContent)), await page.textContent("#price-note")])
    assert.match(text, /last 8,000 trades/);
  assert((await page.textContent("#equity-legend")).includes(`equity ${cents(result.equity)}`), "equity to the cent");
  /* Of the moves of stops the last ones of the trades shown. */
  assert(await page.evaluate("D.stop_moves.length === 4000 && D.stop_moves.every((m) => m[0] >= Trades[0].entry_ms)"));
  assert((await page.textContent("#price-note")).match(/the first [\d,]+ moves of their stops/));
  const metric = (name) => page.$$eval("#metrics tbody tr", (v, k) => v.find((r) => r.cells[0].textContent === k).cells[1].textContent, name);
  assert.strictEqual(await metric("final_equity"), cents(result.metrics.final_equity));
  const cut = (await page.evaluate("texts")).filter((t) => /equity-chart/.test(t.of) && t.from < 0);
  assert.deepStrictEqual(cut, [], "labels of the equity axis are cut");
  await page.screenshot({ path: path.join(out, "report-many.png"), fullPage: true });
  assert.deepStrictEqual(page.noise, []);
  await page.close();
}

// A coarse exec bar in which the peak rises after the low: no fall that never was; and what a condition lacks is
// looked for among what it needs, not within `not` and `any`.
async function hold(browser) {
  const { file, result } = run("hold", [playOf("hold", "D", "starting_equity_usdt: 1000",
    "actions: {entry_long: {all: [[close, '>', 0], {not: [close, '<', 1]}, {any: [[close, '<', 1], [close, '>', open]]}]}}\n" +
    "risk: {stop_loss_pct: 90, sizing: {model: percent_equity, value: 100}}\n"),
    "--synthetic", "regime_mix,bars=60000,seed=5"]);
  const page = await open(browser, file, "light", 1280);
  const deepest = -(await page.evaluate("E.drawdown.reduce((a, b) => Math.min(a, b), 0)"));
  assert(Math.abs(deepest - result.metrics.max_drawdown_pct) < 1e-4, `drawdown ${deepest} on the chart`);
  assert.match(await page.textContent("#why"), /Its rarest part: any\(close < 1, close > open\)/);
  assert.match(await page.textContent("#assumptions"), /Slippage \d/);
  await page.close();
}

// One trade, liquidated beyond the candles: it is in view, and no axis repeats a label.
async function one(browser) {
  const { file, result } = run("one", [playOf("one", "15m", "starting_equity_usdt: 1000, max_leverage: 100, on_sl_beyond_liq: warn",
    "actions: {entry_long: [[close, '>', 0]]}\nrisk: {stop_loss_pct: 500, take_profit_pct: 500}\n"),
    "--synthetic", "regime_mix,bars=20000,seed=5"]);
  assert.deepStrictEqual([result.metrics.total_trades, result.metrics.liquidations], [1, 1]);
  const page = await open(browser, file, "light", 1280);
  await frames(page);
  const circles = (await page.evaluate("circles")).filter((c) => c.of === "price-chart");
  assert(circles.length && circles.every((c) => c.y >= 0 && c.y <= c.height), "the exit is out of view: " + JSON.stringify(circles));
  for (const id of ["returns", "durations", "excursions"]) {
    const texts = (await page.evaluate("texts")).filter((t) => t.of === id).map((t) => t.text);
    const twice = texts.filter((t, k) => texts.indexOf(t) !== k && !/^0\.0+$/.test(t)); /* the origin of both axes */
    assert.deepStrictEqual(twice, [], id);
  }
  const [table, room] = await page.$eval("#trade-table", (t) => [t.scrollWidth, t.parentNode.clientWidth]);
  assert(table <= room, "the trade table does not fit 1280 px");
  await page.screenshot({ path: path.join(out, "report-one.png"), fullPage: true });
  await page.close();
}

// Prices as they were; a month without a bar in the data is a dash.
async function gap(browser) {
  const csv = ["open_ms,open,high,low,close,volume"];
  for (let t = Date.UTC(2025, 0, 1); t < Date.UTC(2025, 3, 1); t += 36e5) {
    const month = new Date(t).getUTCMonth(), px = month ? 109552.7 : 107375.9;
    if (month !== 1) csv.push(`${t},${px},${px},${px},${px},5`);
  }
  const { file, at } = run("gap", [playOf("gap", "1h", "starting_equity_usdt: 1000000", "data: {gaps: fill}\n" +
    "actions: {entry_long: [[close, '>', 0]]}\nrisk: {stop_loss_pct: 50, take_profit_pct: 50}\n"),
    "--csv", write("gap.csv", csv.join("\n") + "\n")]);
  const [names, row] = execFileSync(perpetua, ["show", at, "trades", "--format", "csv"], { encoding: "utf8" })
    .split("\n").map((line) => line.split(","));
  const page = await open(browser, file, "dark", 1280);
  const shown = await page.$eval("#trade-table tbody tr", (r) => [4, 5, 6].map((k) => r.cells[k].textContent));
  assert.deepStrictEqual(shown.map((x) => Number(x.replace(/,/g, ""))),
    ["entry_px", "exit_px", "qty"].map((k) => Number(row[names.indexOf(k)])));
  assert.match(shown[0], /^107,\d{3}\.\d$/);
  const months = await page.$$eval("#months tbody td", (v) => v.slice(1, 5).map((x) => x.textContent));
  assert.deepStrictEqual(months.map((x) => x[0] || ""), ["-", "–", "+", ""], months.join());
  assert.deepStrictEqual(page.noise, []);
  await page.close();
}

(async () => {
  fs.mkdirSync(out, { recursive: true });
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
  try {
    await demo(browser);
    await structures(browser);
    await empty(browser);
    await many(browser);
    await hold(browser);
    await one(browser);
    await gap(browser);
    console.log("report: all checks passed; screenshots in " + out);
  } finally {
    await browser.close();
  }
})().catch((e) => { console.error(e); process.exit(1); });
