// The whole life of a review, as its people live it, each in a browser of their own: the first
// administrator and the accounts, a file taken in, figures, registers, the review prepared,
// discussed, refused, corrected, approved, signed, published, read by somebody without a login.
// Every page on the way is examined once. Prints the addresses that were looked at.
//
//   node life.mjs BASE SETUP LANG LOG FOLDER
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine, finish, open, problems, stranger, visit } from "./common.mjs";

const [base, setup, lang, log, folder] = process.argv.slice(2);
const password = "una frase lunga abbastanza";
const locale = lang === "en" ? "en-GB" : "it-IT";
const words = {
  it: {
    rows: /righe = .* di fatti/, conflict: "nulla è stato scritto", ready: "Nulla si oppone",
    blocked: "Da sistemare", wrong: "Per il CUP tutti gli obiettivi sono stati raggiunti.",
    right: "Aprire nuove code per informazioni e cancellazioni.", held: "byte per byte",
    document: "resoconto-2023-H2.pdf", rejected: "8 scartate",
  },
  en: {
    rows: /rows = .* of facts/, conflict: "nothing was written", ready: "Nothing stands in the way",
    blocked: "To settle", wrong: "All targets of the CUP were met.",
    right: "Open new queues for information and cancellations.", held: "byte for byte",
    document: "report-2023-H2.pdf", rejected: "8 rejected",
  },
}[lang];
const browser = await open();
const seen = new Set();

function expect(fact, what) {
  if (!fact) problems.push(what);
}

// Examines a page the first time that somebody comes to it.
async function look(page) {
  const path = new URL(page.url()).pathname;
  if (seen.has(path)) return;
  seen.add(path);
  await examine(page, `${path} (${lang})`);
  const tag = await page.evaluate(() => document.documentElement.lang);
  expect(tag === lang, `${path} is written in ${tag}`);
}

async function go(page, path) {
  await page.goto(base + path);
  await look(page);
}

async function submit(page, form) {
  await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
}

// Fills a form by the names of its fields and sends it.
async function send(page, selector, fields) {
  const form = page.locator(selector).first();
  const folded = form.locator("xpath=ancestor::details[not(@open)]");
  if (await folded.count()) await folded.first().locator("summary").first().click();
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name="${name}"]`).first();
    const kind = await field.evaluate((one) => one.tagName);
    if (kind === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
  await submit(page, form);
}

const step = (page, id, code, fields) =>
  send(page, `form[action="/entries/${id}/steps/${code}"]`, fields);

const text = (page, selector = "main") => page.textContent(selector);

async function downloaded(page, link) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(link).first().click(),
  ]);
  const path = join(folder, `${lang}-${download.suggestedFilename()}`);
  await download.saveAs(path);
  return { path, name: download.suggestedFilename(), bytes: readFileSync(path) };
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");

// --- Who is who ------------------------------------------------------------------------------

const admin = await stranger(browser, 1280, locale);
await go(admin, `/setup?token=${setup}`);
await send(admin, "form[action='/setup']", { login: "ada", name: "Ada Minervini", password });
await look(admin);
await send(admin, "form[action='/login']", { login: "ada", password });
const people = { monica: "monitoring_manager", rita: "rup", franco: "supplier_quality" };
for (const [login, role] of Object.entries(people)) {
  await go(admin, "/users");
  await send(admin, "form[action='/users']", { login, name: login, password, reason: "incarico" });
  await look(admin);
  await send(admin, "form[action$='/grant']", { role, reason: "incarico" });
}
await go(admin, "/tokens");
await go(admin, "/audit");

const monica = await visit(browser, base, "monica", password, 1280, locale);
const rita = await visit(browser, base, "rita", password, 1280, locale);
const franco = await visit(browser, base, "franco", password, 390, locale);

// --- A file is taken in, figures appear -------------------------------------------------------

await go(monica, "/");
await go(monica, "/imports");
await monica.setInputFiles("#files", log);
await monica.selectOption("#format", "queue-log");
await monica.locator("form[data-upload] button[type=submit]").click();
await monica.waitForURL((url) => url.pathname.startsWith("/jobs/"));
await monica.waitForSelector(".note.good");
await look(monica);
const taken = await text(monica, ".note.good");
expect(words.rows.test(taken), `the import says: ${taken}`);
await monica.locator("main a[href^='/rejects?import=']").click();
await monica.waitForURL((url) => url.pathname === "/rejects");
await look(monica);
await go(monica, "/?period=2023-H2");
expect((await text(monica)).includes("K1"), "the overview shows the indicators");
await go(monica, "/services/cup/K1?period=2023-H2");
const figure = (await text(monica, ".tile-value")).trim();
expect(/^80[.,]00\s?%$/.test(figure), `K1 is ${figure}`);
await go(monica, "/services/cup/K1/calls?period=2023-H2&which=late");
await send(monica, "form[action='/purpose']", { purpose: "verifica del riesame" });
seen.delete(new URL(monica.url()).pathname);
await look(monica);
await monica.locator("main a[href^='/calls/']").first().click();
await monica.waitForURL((url) => url.pathname.startsWith("/calls/"));
await look(monica);

// --- Registers; two people edit one entry ------------------------------------------------------

await go(monica, "/registers");
await go(monica, "/registers/findings/new");
await send(monica, "form[action='/registers/findings']", {
  "f.issued_on": "2023-11-02", "f.kind": "order", "f.subject": "Code IVR",
  "f.text": "Aprire una coda per le cancellazioni", reason: "riunione del 2/11",
});
await look(monica);
expect(monica.url().endsWith("/entries/RIL-1"), `the finding is at ${monica.url()}`);
await go(monica, "/entries/RIL-1/edit");
await rita.goto(`${base}/entries/RIL-1/edit`);
const edit = "form[action='/entries/RIL-1/edit']";
await send(rita, edit, { "f.subject": "Code e priorità", "f.text": "Due code", reason: "RUP" });
monica.refusals.push(409);
await send(monica, edit, { "f.kind": "finding", "f.text": "Tre code", reason: "chiarezza" });
seen.delete("/entries/RIL-1/edit");
await look(monica);
const both = await text(monica);
expect(both.includes(words.conflict), "the second writer is told");
for (const part of ["Due code", "Tre code", "Code e priorità"]) {
  expect(both.includes(part), `${part} is lost`);
}
await monica.locator("input[type=radio][value='Tre code']").check();
await send(monica, edit, { reason: "unite le due modifiche" });
const united = await text(monica);
for (const part of ["Tre code", "Code e priorità", "Due code", "rita"]) {
  expect(united.includes(part), `${part} is not in the entry and its history`);
}
await go(monica, "/registers/complaints");
const bad = ["received_on;channel;kind;topic;text"];
bad.push("2023-11-05;email;complaint;attesa;Troppa attesa");
for (let n = 0; n < 8; n += 1) bad.push("ieri;email;complaint;attesa;testo");
writeFileSync(join(folder, `${lang}-reclami.csv`), bad.join("\n"));
await monica.setInputFiles("#file", join(folder, `${lang}-reclami.csv`));
await monica.fill("#import-reason", "elenco del servizio");
await monica.locator("form[data-upload] input[type=checkbox]").uncheck();
await monica.locator("form[data-upload] button[type=submit]").click();
await monica.waitForURL((url) => url.pathname.includes("/rejects/"));
await look(monica);
expect((await text(monica)).includes(words.rejected), "all rejected rows are counted");
expect((await monica.locator("tbody tr").count()) === 8, "all rejected rows are listed");

// --- The review is prepared --------------------------------------------------------------------

await go(monica, "/reviews");
await send(monica, "form[action='/reviews']", { period: "2023-H2", reason: "riesame" });
await look(monica);
await go(monica, "/reviews/RIE-1/inputs");
const elements = await monica.locator("main th a[href^='/entries/ELI-']").evaluateAll(
  (links) => links.map((link) => link.getAttribute("href").split("/").pop()),
);
expect(elements.length === 23, `${elements.length} elements`);
for (const id of elements) {
  const asks = monica.locator(`form[action="/entries/${id}/steps/provide"] [name="f.evidence"]`);
  if (await asks.count()) {
    const why = monica.locator(`form[action="/entries/${id}/steps/waive"] [name="f.why"]`);
    const fields = { reason: "verificato" };
    if (await why.count()) fields["f.why"] = "nessun fatto nel periodo";
    await step(monica, id, "waive", fields);
  } else {
    await step(monica, id, "provide", { reason: "agli atti" });
  }
}
await go(monica, "/reviews/RIE-1/findings");
await send(monica, "form[action$='/findings']", { text: "Code lunghe il lunedì", reason: "visto" });
const findings = await monica.locator("main article h2 a").evaluateAll(
  (links) => links.map((link) => link.textContent),
);
expect(findings.length > 2, `${findings.length} findings`);
for (const [nth, id] of findings.entries()) {
  if (nth === 1) await step(monica, id, "edit", { "f.text": "Testo corretto", reason: "chiarezza" });
  else if (nth === 2) await step(monica, id, "reject", { reason: "dati di una prova" });
  else await step(monica, id, "accept", { reason: "confermata" });
}
await look(monica);
await go(monica, "/reviews/RIE-1/figures");
const sheets = await monica.locator("main article h3 a").evaluateAll(
  (links) => links.map((link) => link.getAttribute("href")),
);
expect(sheets.length === 20, `${sheets.length} sheets`);
for (const [nth, path] of sheets.entries()) {
  await monica.goto(base + path);
  if (nth === 0) {
    await look(monica);
    await send(monica, "form[action$='/actions']", {
      title: "Nuove code IVR", owner: "DT", due_on: "2099-05-31", expected: "+10 pp",
      resources: "due giornate", reason: "piano",
    });
    await monica.goto(base + path);
  }
  const id = path.split("/").pop();
  await step(monica, id, "complete", { reason: "completa" });
}
await monica.goto(`${base}/reviews/RIE-1`);
await step(monica, "RIE-1", "discuss", { reason: "inviato al fornitore" });

// --- The supplier remarks, the client answers ----------------------------------------------------

await go(franco, "/reviews");
await franco.goto(`${base}/reviews/RIE-1/figures`);
seen.delete("/reviews/RIE-1/figures");
await look(franco);
const remark = "form[action='/reviews/RIE-1/remarks']:has([name=on][value='cup/K1'])";
await send(franco, remark, { text: "Comprende chiamate di prova", reason: "osservazione" });
await monica.goto(`${base}/reviews/RIE-1/figures`);
expect((await text(monica)).includes("Comprende chiamate di prova"), "the remark is seen");
await step(monica, "NOT-1", "answer", { "f.answer": "Sono escluse", reason: "risposta" });
await franco.reload();
await step(franco, "NOT-1", "settle", { reason: "chiarito" });

// --- A text that contradicts a figure keeps the review from being approved -----------------------

const write = async (outputs) => {
  await go(monica, "/entries/RIE-1/edit");
  await send(monica, "form[action='/entries/RIE-1/edit']", { "f.outputs": outputs, reason: "uscite" });
};
await write(words.wrong);
await go(monica, "/reviews/RIE-1/checks");
const blocked = await text(monica);
expect(blocked.includes(words.blocked) && blocked.includes("N1"), "N1 is found");
await go(rita, "/reviews/RIE-1/documents");
const approve = { place: "Cittalta", date: "2024-02-02", lang, reason: "approvato" };
rita.refusals.push(422);
await send(rita, "form[action$='/approve']", approve);
await look(rita);
expect((await text(rita)).includes("N1"), "the approval is refused, and why");
await write(words.right);
await monica.goto(`${base}/reviews/RIE-1/checks`);
expect((await text(monica)).includes(words.ready), "nothing stands in the way");
await rita.goto(`${base}/reviews/RIE-1/documents`);
await send(rita, "form[action$='/approve']", approve);

// --- Documents, signature, publication -----------------------------------------------------------

seen.delete("/reviews/RIE-1/documents");
await look(rita);
const approved = await downloaded(rita, "a[href$='/documents/approved']");
expect(approved.bytes.subarray(0, 5).toString() === "%PDF-", "the approved document is a PDF");
expect(approved.name === words.document, `the document is called ${approved.name}`);
for (const [kind, start] of [["docx", "PK"], ["xlsx", "PK"], ["html", "<!"], ["json", "{"]]) {
  const draft = await downloaded(rita, `a[href$='/documents/${kind}']`);
  expect(draft.bytes.subarray(0, start.length).toString() === start, `${draft.name} is no ${kind}`);
}
const signed = join(folder, `${lang}-firmato.pdf`);
writeFileSync(signed, Buffer.concat([approved.bytes, Buffer.from("\n% signature\n%%EOF\n")]));
const slot = rita.locator("form[action$='/signatures/FIR-1']");
await slot.locator("input[type=file]").setInputFiles(signed);
await slot.locator("[name=signer]").fill("Corrado Belmonte");
await slot.locator("[name=signed_on]").fill("2024-02-03");
await slot.locator("[name=reason]").fill("firma");
await Promise.all([rita.waitForNavigation(), slot.locator("button[type=submit]").click()]);
expect((await text(rita)).includes(words.held), "the signed file holds the approved document");
const publish = rita.locator("form[action$='/publish']");
await publish.locator("[name=protocol]").fill("Prot. 31/2024");
await publish.locator("[name=reason]").fill("albo");
const valid = () => publish.evaluate((form) => form.checkValidity());
expect(!(await valid()), "missing signatures are confirmed first");
await publish.locator("input[type=checkbox]").check();
expect(!(await valid()), "and with a reason");
await publish.locator("[name=unsigned_why]").fill("due firme arrivano dopo");
await submit(rita, publish);
await go(rita, "/entries/RIE-1");
expect((await text(rita)).includes("due firme arrivano dopo"), "the trail keeps the reason");

// --- Anybody reads what was published --------------------------------------------------------------

await go(monica, "/open-data?period=2023-H2");
const csv = await downloaded(monica, "main table a");
expect(csv.bytes.length > 20 && csv.name.endsWith(".csv"), `${csv.name} has ${csv.bytes.length} B`);
const anybody = await stranger(browser, 390, locale);
await go(anybody, "/published");
const read = await downloaded(anybody, "a[href$='/document']");
expect(hash(read.bytes) === hash(approved.bytes), "the published document is the approved one");
const again = await downloaded(anybody, "a[href$='/FIR-1']");
expect(hash(again.bytes) === hash(readFileSync(signed)), "the signed file is the one received");
const sums = await downloaded(anybody, "a[href$='/SHA256SUMS']");
expect(sums.bytes.toString().includes(hash(approved.bytes)), "the hashes are published");
const archive = await downloaded(anybody, "a[href$='.zip']");
expect(archive.bytes.subarray(0, 2).toString() === "PK", "open data are published");
await go(anybody, "/login");

for (const path of seen) console.log(`looked at ${path}`);
await browser.close();
finish();
