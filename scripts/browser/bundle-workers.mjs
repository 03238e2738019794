// @ts-check
// Workers reach a test as one file each, as a bundler makes them for a page. Module by module each start of one is 150
// requests, which take longer than everything that it then does.

import { rolldown } from "rolldown";

const WORKER = /\/packages\/[^/]+\/dist\/worker\/[^/]+-worker\.js$/;

/** The plugin. ONNX Runtime is not bundled: it finds its WebAssembly beside itself. */
export function bundleWorkers() {
  /** @type {Map<string, Promise<string>>} */
  const bundles = new Map();
  return {
    name: "internvit:bundle-workers",
    /** @param {string} id */
    load(id) {
      const [file = ""] = id.split("?");
      if (!WORKER.test(file)) return undefined;
      const made = bundles.get(file) ?? bundle(file);
      bundles.set(file, made);
      return made;
    },
  };
}

/** @param {string} file */
async function bundle(file) {
  const build = await rolldown({
    input: file,
    platform: "browser",
    external: /^onnxruntime-web/,
  });
  try {
    const { output } = await build.generate({ format: "esm" });
    if (output.length !== 1) throw new Error(`${file}: expected one chunk, got ${output.length}`);
    return output[0].code;
  } finally {
    await build.close();
  }
}
