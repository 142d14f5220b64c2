// What must hold on every page: axe finds nothing, nothing is wider than the screen, the first
// press of Tab reaches the skip link.
import { axe, problems } from "./common.mjs";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

export async function examine(page, path, width) {
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.className);
  if (first !== "skip") problems.push(`${path}: Tab reaches ${first || "nothing"} first`);
  await page.evaluate(axe);
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), tags);
  for (const violation of found.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
    problems.push(`${path} at ${width}: ${violation.id} (${violation.impact}): ${where}`);
  }
  const wider = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (wider > 0) problems.push(`${path} at ${width}: ${wider} wider than the screen`);
}
