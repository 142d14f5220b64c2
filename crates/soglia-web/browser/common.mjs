// What the scripts share: a browser, somebody who comes in, what must not happen on any page.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const modules = process.env.SOGLIA_MODULES;
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const problems = [];

// What was noticed before is said even if a script cannot go on.
process.on("uncaughtException", (error) => {
  problems.push(String(error.stack));
  finish();
});

// A browser that breaks off while it starts, as Chromium does once in many hundred times, is started
// again: no page of ours was open yet.
export async function open(attempts = 3) {
  try {
    return await chromium.launch({
      executablePath: process.env.SOGLIA_CHROMIUM,
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
  } catch (error) {
    if (attempts <= 1) throw error;
    console.error(`the browser did not start and is started again: ${error.message}`);
    return open(attempts - 1);
  }
}

// A page whose console and whose requests are listened to. axe is put in by the driver, not by the
// page, so the content security policy stays in force and its violations are heard.
export async function visit(browser, base, login, password, width, locale = "it-IT") {
  const page = await stranger(browser, width, locale);
  await page.goto(`${base}/login`);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/login");
  return page;
}

// Somebody who has not come in. What a page refuses on purpose is named in `page.refusals`: the
// browser says on the console that such an answer is no success.
export async function stranger(browser, width, locale = "it-IT") {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale });
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  page.refusals = [];
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const text = message.text();
    if (page.refusals.some((status) => text.includes(`status of ${status}`))) return;
    problems.push(`${page.url()}: console: ${text}`);
  });
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  return page;
}

// What axe finds on a page, and whether it is wider than the screen.
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
export async function examine(page, name) {
  await page.waitForFunction(() => !document.querySelector("[hx-trigger^='load']"));
  await page.evaluate(axe);
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), tags);
  for (const violation of found.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
    problems.push(`${name}: ${violation.id} (${violation.impact}): ${where}`);
  }
  const wider = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (wider > 0) problems.push(`${name}: ${wider} wider than the screen`);
}

export function finish() {
  for (const problem of problems) console.log(problem);
  process.exit(problems.length ? 1 : 0);
}
