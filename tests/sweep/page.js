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

async function look(page) {
  await page.waitForSelector("#rows tr");
  const rows = await page.locator("#rows tr").count();
  expect(rows === 19, `19 rows in the table, not ${rows}`);
  const drawn = await page.evaluate(() => [...document.querySelectorAll("canvas")].map((c) => {
    const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    return data.some((v) => v !== 0);
  }));
  expect(drawn.length === 5 && drawn.every(Boolean), "five pictures, all drawn: " + drawn);
  await page.locator("#header button").nth(1).click();
  const firstFast = await page.locator("#rows tr td").nth(1).textContent();
  expect(firstFast === "21", "sorted by fast, largest first, not " + firstFast);
  await page.locator("#rows tr").first().focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("#rows tr.on").count() === 1, "Enter chooses a row");
  await page.selectOption("#measure", "median");
  await page.selectOption("#across", "1");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `the page is ${wide} px wider than the window`);
}

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "pp_page_"));
  const [perpetua, play] = process.argv.slice(2);
  execFileSync(perpetua, ["sweep", play, "--synthetic", "regime_mix,bars=12000,seed=3", "--vary", "fast=3:21:3",
    "--vary", "slow=10,20,30,40", "--where", "fast < slow and fast != 6", "--out", dir]);
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  for (const [width, colorScheme] of [[1200, "light"], [360, "dark"]]) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.on("pageerror", (e) => failures.push("script: " + e));
    page.on("console", (m) => { if (m.type() === "error") failures.push("console: " + m.text()); });
    page.on("request", (r) => { if (!r.url().startsWith("file:")) failures.push("asks the network: " + r.url()); });
    await page.goto("file://" + path.join(dir, "sweep.html"));
    await look(page);
    await page.close();
  }
  await browser.close();
  fs.rmSync(dir, { recursive: true });
  console.log(failures.join("\n") || "sweep.html: fine");
  process.exit(failures.length ? 1 : 0);
}

main().catch((e) => { console.error(e); process.exit(1); });
