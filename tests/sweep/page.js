// sweep.html in headless Chromium: page.js PERPETUA PLAY. Exit 77 (skipped) without a browser.
"use strict";
if (parseInt(process.versions.node, 10) < 20) {
  console.log("skipped: playwright-core needs Node 20 or later, this is " + process.version);
  process.exit(77);
}
const { execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

let chromium;
try {
  ({ chromium } = require("playwright-core"));
} catch {
  process.exit(77);
}
const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
if (!browserPath) process.exit(77);

const failures = [];
const expect = (ok, what) => { if (!ok) failures.push(what); };

const money = (x) => x.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

async function look(page, best) {
  await page.waitForSelector("#rows tr");
  const rows = await page.locator("#rows tr").count();
  expect(rows === 19, `19 rows in the table, not ${rows}`);
  const marked = await page.evaluate(async () => { /* rows are drawn by six digits: all of them may lie beyond */
    texts.length = 0;
    D.top[0].objective += 1e-4;
    dispatchEvent(new Event("resize"));
    await new Promise(requestAnimationFrame);
    D.top[0].objective -= 1e-4;
    return texts.some((x) => x.of === "distribution" && x.text === "best row");
  });
  expect(marked, "the distribution does not mark the best row");
  const drawn = await page.evaluate(() => [...document.querySelectorAll("canvas")].map((c) => {
    const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    return data.some((v) => v !== 0);
  }));
  expect(drawn.length === 6 && drawn.every(Boolean), "six pictures, all drawn: " + drawn);
  const sorted = async (heading, column, first) => {
    await page.locator("#header button").nth(heading).click();
    const is = await page.locator("#rows tr td").nth(column).textContent();
    expect(is === first, `sorted by heading ${heading}: first ${first}, not ${is}`);
  };
  await sorted(1, 1, "3");
  await sorted(1, 1, "21");
  await sorted(0, 0, "1");
  const exact = await page.evaluate(() => { /* values of a parameter that are close together; a cell of a large sweep */
    const [r] = ranked, was = r.cells[0];
    r.cells[0] = 0.10125;
    fillTable();
    const shown = $("rows").firstChild.cells[1].textContent;
    r.cells[0] = was;
    fillTable();
    return [shown, measures.best(new Array(1e6).fill(0).map((_, k) => k % 7))];
  });
  expect(String(exact) === "0.10125,6", "a value of a parameter in whole, the best of a million: " + exact);
  const fees = await page.$$eval("#rows tr", (v) => v.map((r) => [r.cells[0].textContent, r.cells[11].textContent]));
  for (const [rank, fee] of fees.slice(0, 10)) expect(fee === money(best[rank - 1].total_fees), `fees of rank ${rank}: ${fee}`);
  const cards = await page.$eval("#cards", (c) => [c.children.length, getComputedStyle(c).gridTemplateColumns.split(" ").length]);
  expect(cards[0] % cards[1] === 0, "an empty place among the cards: " + cards);
  expect(/^worst .*\d/.test(await page.textContent("#scale-from")), "the colours have no legend");
  await page.locator("#rows tr").first().focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("#rows tr.on").count() === 1, "Enter chooses a row");
  await page.selectOption("#measure", "median");
  await page.evaluate("texts.length = 0");
  await page.selectOption("#across", "1");
  expect(await page.inputValue("#up") === "0", "the same axis across and up");
  expect((await page.evaluate("texts")).some((t) => t.of === "heat" && /^-?\d+\.\d/.test(t.text)), "no values in the heat map");
  const cells = await page.evaluate(() => [1234567, -98765.4, 0.12345].map((v) => {
    inCell($("heat").getContext("2d"), v, 0, 0, 200, 40);
    return texts.pop().text;
  }));
  expect(cells.join(" ") === "1.23M -98,765 0.123", "values in cells: " + cells);
  const theme = () => page.evaluate("scheme()"), before = await theme();
  await page.click("#theme");
  expect(await theme() !== before, "the button leaves the scheme as it is");
  await page.evaluate("texts.length = 0, dispatchEvent(new Event('resize')), new Promise(requestAnimationFrame)");
  const texts = await page.evaluate("texts"), cut = texts.filter((t) => t.from < 0);
  expect(texts.some((t) => /^2\d,\d{3},\d{3}/.test(t.text)) && !cut.length, "labels are cut: " + JSON.stringify(cut));
  const heights = texts.filter((t) => t.of === "distribution" && /row|^0$/.test(t.text) && t.y < 100).map((t) => t.y);
  expect(heights.length && new Set(heights).size === heights.length, "marks of the distribution over each other");
  const marks = texts.filter((t) => t.of === "equity" && !/-\d\d-/.test(t.text)).map((t) => (t.text.split(".")[1] || "").length);
  expect(marks.length === 5 && new Set(marks).size === 1, "decimals of the equity axis: " + marks);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `the page is ${wide} px wider than the window`);
}

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "pp_page_"));
  const [perpetua, given] = process.argv.slice(2), play = path.join(dir, "rich.yml");
  const text = fs.readFileSync(given, "utf8"), rich = text.replace("starting_equity_usdt: 10000,", "starting_equity_usdt: 25000000,");
  expect(rich !== text, given + " has another equity than this test replaces");
  fs.writeFileSync(play, rich);
  execFileSync(perpetua, ["sweep", play, "--synthetic", "regime_mix,bars=12000,seed=3", "--vary", "fast=3:21:3",
    "--vary", "slow=10,20,30,40", "--where", "fast < slow and fast != 6", "--out", dir]);
  const best = JSON.parse(fs.readFileSync(path.join(dir, "sweep.json"), "utf8")).best.map((r) => r.metrics);
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  for (const [width, colorScheme] of [[1200, "light"], [360, "dark"]]) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    await page.addInitScript(() => { /* what canvases are told to write, and where it begins */
      window.texts = [];
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function(text, x, y, ...more) {
        const share = { right: 1, center: 0.5 }[this.textAlign] || 0;
        window.texts.push({ of: this.canvas.id, text: String(text), y, from: x - share * this.measureText(text).width });
        return fillText.call(this, text, x, y, ...more);
      };
    });
    page.on("pageerror", (e) => failures.push("script: " + e));
    page.on("console", (m) => { if (m.type() === "error") failures.push("console: " + m.text()); });
    page.on("request", (r) => { if (!r.url().startsWith("file:")) failures.push("asks the network: " + r.url()); });
    await page.goto("file://" + path.join(dir, "sweep.html"));
    await look(page, best);
    await page.close();
  }
  await browser.close();
  fs.rmSync(dir, { recursive: true });
  console.log(failures.join("\n") || "sweep.html: fine");
  process.exit(failures.length ? 1 : 0);
}

main().catch((e) => { console.error(e); process.exit(1); });
