// Opens pages on a desk and on a telephone: axe finds nothing, nothing is wider than the screen,
// the console stays empty, the first press of Tab reaches the skip link.
//
//   node pages.mjs BASE LOGIN PASSWORD PATH…
import { finish, open, problems, visit } from "./common.mjs";
import { examine } from "./examine.mjs";

const [base, login, password, ...paths] = process.argv.slice(2);
const browser = await open();
for (const width of [1280, 390]) {
  const page = await visit(browser, base, login, password, width);
  for (const path of paths) {
    const answer = await page.goto(base + path);
    if (answer.status() !== 200) problems.push(`${path}: status ${answer.status()}`);
    await page.waitForFunction(() => !document.querySelector("[hx-trigger^='load']"));
    await examine(page, path, width);
  }
  await page.context().close();
}
await browser.close();
finish();
