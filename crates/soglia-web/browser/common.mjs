// What the scripts share: a browser, somebody who comes in, what must not happen on any page.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const modules = process.env.SOGLIA_MODULES;
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const problems = [];

export async function open() {
  return chromium.launch({
    executablePath: process.env.SOGLIA_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

// A page whose console and whose requests are listened to. axe is put in by the driver, not by the
// page, so the content security policy stays in force and its violations are heard.
export async function visit(browser, base, login, password, width) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: "it-IT" });
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${page.url()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  await page.goto(`${base}/login`);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/login");
  return page;
}

export function finish() {
  for (const problem of problems) console.log(problem);
  process.exit(problems.length ? 1 : 0);
}
