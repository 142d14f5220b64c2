// Takes a file in by the page of imports, as a person does, and sees its figures.
//
//   node upload.mjs BASE LOGIN PASSWORD FILE
import { finish, open, problems, visit } from "./common.mjs";

const [base, login, password, file] = process.argv.slice(2);
const browser = await open();
const page = await visit(browser, base, login, password, 1280);
await page.goto(`${base}/imports`);
await page.setInputFiles("#files", file);
await page.selectOption("#format", "queue-log");
await page.click("form[data-upload] button[type=submit]");
await page.waitForURL((url) => url.pathname.startsWith("/jobs/"));
await page.waitForSelector(".note.good");
const said = await page.textContent(".note.good");
if (!/120 righe = 120 di fatti/.test(said)) problems.push(`the import says: ${said}`);
await page.goto(`${base}/services/cup/K1?period=2023-07`);
await page.waitForFunction(() => !document.querySelector("[hx-trigger^='load']"));
const figure = await page.textContent(".tile-value");
if (figure !== "100,00%") problems.push(`K1 is ${figure}`);
await page.click("header a[lang=en]");
await page.waitForFunction(() => document.documentElement.lang === "en");
await browser.close();
finish();
