// Builds one bundle for each folder in src/widgets and one part for each in src/parts into the
// Python package, or those that are named: node build.mjs labeler. --harness builds the test page,
// --lab what the JupyterLab extension is made of.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
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
  define: { "process.env.VERSION": JSON.stringify(version) },
  logLevel: "info",
};
const named = process.argv.slice(2);

if (named.includes("--harness")) {
  mkdirSync(join(here, "harness/out"), { recursive: true });
  await build({ ...common, entryPoints: { harness: "harness/main.ts" }, outdir: "harness/out" });
  copyFileSync(join(here, "harness/index.html"), join(here, "harness/out/index.html"));
} else if (named.includes("--lab")) {
  // One module with chunks for each view, and one sheet; @jupyter/builder makes the federated
  // extension of them. JupyterLab's own packages are the page's, never ours.
  rmSync(join(here, "lib"), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: { index: "src/lab/index.ts" },
    outdir: "lib",
    splitting: true,
    external: ["@jupyterlab/*", "@lumino/*"],
    loader: { ".css": "empty" },
    define: { ...common.define, "process.env.NODE_ENV": '"production"' },
  });
  await build({ ...common, entryPoints: { style: "src/lab/style.css" }, outdir: "lib" });
} else {
  const folders = (of) =>
    readdirSync(join(here, of)).filter((name) => existsSync(join(here, of, name, "index.ts")));
  const every = {
    ...Object.fromEntries(folders("src/widgets").map((n) => [n, `src/widgets/${n}/index.ts`])),
    // What widgets fetch from the kernel when they need it: src/ui/parts.ts.
    ...Object.fromEntries(
      folders("src/parts").map((n) => [`${n}.part`, `src/parts/${n}/index.ts`]),
    ),
  };
  const missing = named.filter((name) => !(name in every));
  if (missing.length > 0) throw new Error(`src has no ${missing.join(", ")}`);
  const wanted = named.length > 0 ? named : Object.keys(every);
  await build({
    ...common,
    entryPoints: Object.fromEntries(wanted.map((name) => [name, every[name]])),
    outdir: "../refinery_nb/static",
    minify: true,
    define: { ...common.define, "process.env.NODE_ENV": '"production"' },
  });
  // The map asks the kernel for it once a page; in a bundle each notebook would carry it.
  copyFileSync(
    join(here, "node_modules/plotly.js-gl2d-dist-min/plotly-gl2d.min.js"),
    join(here, "../refinery_nb/static/plotly_gl2d.js"),
  );
}
