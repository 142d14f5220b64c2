// Makes the served files out of the npm packages and our own styles and scripts.
//
//   node build.mjs MODULES OUT
//
// MODULES is a folder with node_modules; OUT receives each file with its hash in the name, the same
// compressed by brotli and gzip, and `manifest.txt`: logical name, served name, type.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [modules, out] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(modules, "package.json"));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const packages = join(modules, "node_modules");
mkdirSync(out, { recursive: true });

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const manifest = [];

function emit(name, content) {
  const bytes = Buffer.from(content);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const extension = extname(name);
  const served = `${name.slice(0, -extension.length)}.${hash}${extension}`;
  writeFileSync(join(out, served), bytes);
  if (extension !== ".woff2") {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    writeFileSync(join(out, `${served}.br`), brotliCompressSync(bytes, quality));
    writeFileSync(join(out, `${served}.gz`), gzipSync(bytes, { level: 9 }));
  }
  manifest.push(`${name}\t${served}\t${TYPES[extension]}`);
  return served;
}

// Every template and our own script: what they do not name is cut away.
function files(folder, wanted) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => wanted.test(name))
    .map((name) => join(folder, name));
}
const templates = files(join(here, "../templates"), /\.html$/);
const written = [...templates, join(here, "app.js")].map((path) => readFileSync(path, "utf8"));

// Fonts
const fontFolder = join(packages, "bootstrap-italia/dist/fonts/Titillium_Web");
const stem = "titillium-web-v10-latin-ext_latin";
const faces = [["400", "regular"], ["600", "600"], ["700", "700"]].map(([weight, file]) => {
  const bytes = readFileSync(join(fontFolder, `${stem}-${file}.woff2`));
  const served = emit(`titillium-${weight}.woff2`, bytes);
  return `@font-face{font-family:"Titillium Web";font-style:normal;font-weight:${weight};`
    + `font-display:swap;src:url(${served}) format("woff2")}`;
});
emit("titillium-licence.txt", readFileSync(join(fontFolder, "OFL.txt")));

// Styles
const { PurgeCSS } = await load("purgecss");
const { transform } = await load("esbuild");
const framework = readFileSync(join(packages, "bootstrap-italia/dist/css/bootstrap-italia.min.css"), "utf8");
const [purged] = await new PurgeCSS().purge({
  content: written.map((raw) => ({ raw, extension: "html" })),
  css: [{ raw: framework }],
  fontFace: true,
  keyframes: true,
  variables: true,
});
const own = readFileSync(join(here, "app.css"), "utf8");
const style = await transform(`${faces.join("\n")}\n${purged.css}\n${own}`, { loader: "css", minify: true });
emit("style.css", style.code);

// Scripts
const htmx = readFileSync(join(packages, "htmx.org/dist/htmx.min.js"), "utf8");
const app = await transform(readFileSync(join(here, "app.js"), "utf8"), { minify: true });
emit("script.js", `${htmx}\n${app.code}`);

// Icons: only those that a template names
const sprite = readFileSync(join(packages, "bootstrap-italia/dist/svg/sprites.svg"), "utf8");
const names = new Set(written.flatMap((text) => [...text.matchAll(/#(it-[a-z0-9-]+)/g)].map((m) => m[1])));
const symbols = [...names].sort().map((name) => {
  const found = sprite.match(new RegExp(`<(symbol|svg)[^>]*id="${name}"[^>]*>.*?</\\1>`, "s"));
  if (!found) throw new Error(`bootstrap-italia has no icon ${name}`);
  return found[0];
});
emit("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);

writeFileSync(join(out, "manifest.txt"), `${manifest.join("\n")}\n`);
