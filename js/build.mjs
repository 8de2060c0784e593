// Builds the one bundle of the labeler into the Python package; --harness builds the test page.
import { copyFileSync, mkdirSync } from "node:fs";
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
  logLevel: "info",
};

if (process.argv.includes("--harness")) {
  mkdirSync(join(here, "harness/out"), { recursive: true });
  await build({ ...common, entryPoints: { harness: "harness/main.ts" }, outdir: "harness/out" });
  copyFileSync(join(here, "harness/index.html"), join(here, "harness/out/index.html"));
} else {
  await build({
    ...common,
    entryPoints: { labeler: "src/widgets/labeler/index.ts" },
    outdir: "../refinery_nb/static",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
}
