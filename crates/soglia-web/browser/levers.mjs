// Moves levers as people do: with the arrow keys on a slider, and without any script.
//
//   node levers.mjs BASE LOGIN PASSWORD
import { finish, open, problems, visit } from "./common.mjs";

const [base, login, password] = process.argv.slice(2);
const path = "/services/cup/whatif?weeks=2";
const browser = await open();

// A slider that is moved answers before anybody presses a button; the address follows.
const page = await visit(browser, base, login, password, 1280);
await page.goto(base + path);
await page.waitForSelector("#levers");
const before = await page.textContent("#said");
await page.locator("input[type=range]").first().focus();
for (let n = 0; n < 5; n += 1) await page.keyboard.press("ArrowRight");
const value = await page.inputValue("[name=demand]");
if (value !== "5") problems.push(`five presses move demand to ${value}`);
await page.waitForFunction(() => new URL(location).searchParams.get("demand") === "5");
await page.waitForFunction((said) => document.querySelector("#said").textContent !== said, before);
if (!(await page.textContent("#answer")).includes("Le leve")) problems.push("the levers have no row");
await page.fill("[name=opens]", "07:00");
const slider = await page.inputValue("[data-slides]:has(+ [name=opens])");
if (slider !== "420") problems.push(`the slider of opens stands at ${slider}`);
await page.context().close();

// Without script there are fields and a button.
const context = await browser.newContext({ javaScriptEnabled: false, locale: "it-IT" });
context.setDefaultTimeout(120000);
const plain = await context.newPage();
await plain.goto(`${base}/login`);
await plain.fill("#login", login);
await plain.fill("#password", password);
await plain.click("main button[type=submit]");
await plain.goto(base + path);
if (await plain.locator("input[type=range]").first().isVisible()) problems.push("a slider without script");
await plain.fill("[name=demand]", "10");
await plain.click("#levers button[type=submit]");
const said = await plain.textContent("#said");
if (!said.includes("→")) problems.push(`without script the answer is: ${said}`);

await browser.close();
// Requests that a newer one overtook are given up, which htmx tells the console.
const given = (problem) => /htmx:(sendAbort|afterRequest)/.test(problem);
problems.splice(0, problems.length, ...problems.filter((problem) => !given(problem)));
finish();
