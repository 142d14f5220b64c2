// Comes in by the identity provider and goes out again, on a desk and on a telephone, in Italian
// and in English; then the same as somebody whom nobody linked.
//
//   node signin.mjs BASE KNOWN UNKNOWN
//
// SOGLIA_PICTURES names a folder for pictures of the pages.
import { join } from "node:path";
import { examine, finish, open, problems } from "./common.mjs";

const [base, known, unknown] = process.argv.slice(2);
const pictures = process.env.SOGLIA_PICTURES;
const browser = await open();

async function atProvider(page, login) {
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "x");
  await page.click("button[type=submit]");
  await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" });
  await page.click("button[type=submit]");
  await page.waitForURL((url) => url.href.startsWith(base));
}

for (const [width, lang] of [[1280, "it"], [390, "en"]]) {
  const locale = lang === "it" ? "it-IT" : "en-GB";
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  page.on("console", (message) => {
    // The provider's pages are not ours; a page that refuses somebody says so by its status, too.
    const ours = page.url().startsWith(base) && !/status of 403/.test(message.text());
    if (message.type() === "error" && ours) {
      problems.push(`${page.url()}: console: ${message.text()}`);
    }
  });
  const look = async (name) => {
    await examine(page, `${name} at ${width}`);
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${lang}.png`), fullPage: true });
  };
  await page.goto(`${base}/login?next=%2Faccount`);
  await look("login");
  await page.click("a[href^='/login/openid']");
  await atProvider(page, known);
  if (new URL(page.url()).pathname !== "/account") problems.push(`came in at ${page.url()}`);
  await look("account");
  // What lies between is passed on by itself: to the provider, which asks, and back here.
  await page.click("form[action='/logout'] button");
  await page.click("button[name=logout]");
  await page.waitForURL(`${base}/login`);
  const back = await page.goto(`${base}/account`);
  if (!page.url().includes("/login")) problems.push(`still in: ${back.status()} ${page.url()}`);

  await page.click("a[href^='/login/openid']");
  await atProvider(page, unknown);
  const said = await page.textContent("main");
  if (!said.includes(unknown)) problems.push(`the refusal does not say who: ${said}`);
  if (!said.includes("soglia user link")) problems.push("the refusal does not say what to do");
  await look("unknown");
  await context.close();
}
await browser.close();
finish();
