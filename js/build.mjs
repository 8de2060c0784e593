// Builds one bundle for each folder in src/widgets into the Python package, or those that are
// named: node build.mjs labeler. --harness builds the test page.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  // A character beyond ASCII is two or three bytes, its escape six; modules are read as UTF-8.
  charset: "utf8",
  logLevel: "info",
};
const named = process.argv.slice(2);

if (named.includes("--harness")) {
  mkdirSync(join(here, "harness/out"), { recursive: true });
  await build({ ...common, entryPoints: { harness: "harness/main.ts" }, outdir: "harness/out" });
  copyFileSync(join(here, "harness/index.html"), join(here, "harness/out/index.html"));
} else {
  const widgets = readdirSync(join(here, "src/widgets")).filter((name) =>
    existsSync(join(here, "src/widgets", name, "index.ts")),
  );
  const missing = named.filter((name) => !widgets.includes(name));
  if (missing.length > 0) throw new Error(`src/widgets has no ${missing.join(", ")}`);
  const wanted = named.length > 0 ? named : widgets;
  await build({
    ...common,
    entryPoints: Object.fromEntries(wanted.map((name) => [name, `src/widgets/${name}/index.ts`])),
    outdir: "../refinery_nb/static",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  // The map asks the kernel for it once a page; in a bundle each notebook would carry it.
  copyFileSync(
    join(here, "node_modules/plotly.js-gl2d-dist-min/plotly-gl2d.min.js"),
    join(here, "../refinery_nb/static/plotly_gl2d.js"),
  );
}
