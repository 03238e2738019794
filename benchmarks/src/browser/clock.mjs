// @ts-check
// What both pages of the browser benchmark share: the pixels that are encoded, long tasks, and the wait for the first
// embedding that the benchmark reads.

/** @typedef {"wasm" | "webgpu"} Provider */

/**
 * One side of the comparison, in its page.
 * @typedef {object} Side
 * @property {string} version
 * @property {(pixels: Uint8Array) => Promise<number>} encode milliseconds for one picture of uint8 [side, side, 3]
 * @property {(pixels: Uint8Array) => Promise<Float32Array>} features its tokens, the class token first
 * @property {(jpeg: Blob) => Promise<number>} embed milliseconds from a JPEG to its embedding
 * @property {(jpeg: Blob) => Promise<(from: "jpeg" | "pixels") => Promise<{ ms: number, values: Float32Array }>>} preprocessor
 * preprocesses one picture from its file or from decoded pixels
 */

export const SIDE = 448;

const query = new URLSearchParams(location.search);
export const provider = /** @type {Provider} */ (query.get("provider") ?? "wasm");
export const threads = Number(query.get("threads") ?? "1");
/** What this project's side computes; the peer's export has one output. */
export const outputs = query.get("outputs") ?? "last_hidden_state";

/** @param {string} name */
export async function picture(name) {
  return (await fetch(`/pictures/${name}`)).blob();
}

const LONG_MS = 50;
const TICK_MS = 5;

// Times in which the page's thread did nothing else than one task. The browser's own observer does not see the tasks
// that a decoded bitmap begins, among them whole runs of ONNX Runtime in the page; a timer that comes late does.
/** @type {{ start: number, ms: number }[]} */
const longTasks = [];
let lastTick = performance.now();
setInterval(() => {
  const now = performance.now();
  const ms = now - lastTick - TICK_MS;
  if (ms > LONG_MS) longTasks.push({ start: lastTick, ms });
  lastTick = now;
}, TICK_MS);

function noise() {
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  let state = 1;
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[i] = state >>> 24;
  }
  return pixels;
}

/** @param {Float32Array} values */
async function sha256(values) {
  const copy = Float32Array.from(values);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", copy));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Opens a side, embeds one picture, and offers the rest to the benchmark as `bench`.
 * @param {() => Promise<Side>} open
 */
export async function start(open) {
  const imported = performance.now();
  const side = await open();
  const opened = performance.now();
  const firstMs = await side.embed(await picture(query.get("picture") ?? "photo-420.jpg"));
  const first = performance.now();
  const pixels = noise();
  /** @type {Map<string, Awaited<ReturnType<Side["preprocessor"]>>>} */
  const preprocessors = new Map();
  const bench = {
    version: side.version,
    /** Milliseconds since the navigation began. */
    load: { imported, opened, embedded: first, firstPicture: firstMs },
    encode: () => side.encode(pixels),
    features: async () => Array.from(await side.features(pixels)),
    /** @param {string} name */
    embed: async (name) => side.embed(await picture(name)),
    /** @param {{ name: string, from: "jpeg" | "pixels", hash: boolean }} request */
    async preprocess({ name, from, hash }) {
      let preprocess = preprocessors.get(name);
      if (preprocess === undefined) {
        preprocess = await side.preprocessor(await picture(name));
        preprocessors.set(name, preprocess);
      }
      const { ms, values } = await preprocess(from);
      return { ms, sha256: hash ? await sha256(values) : undefined };
    },
    /** Long tasks since a time. @param {number} since */
    async longTasks(since) {
      // After the next tick.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return longTasks.filter((task) => task.start >= since);
    },
    now: () => performance.now(),
    crossOriginIsolated,
  };
  Object.assign(globalThis, { bench });
}
