// @ts-check
// Run as `node --input-type=module --eval <this> <entry> <dependency…>` in a package's folder, where imports resolve as
// the package's own do: imports the dependencies, then the entry, and prints as one line of JSON what the latter
// changed in this process: globals and what hangs on them, listeners, open handles, environment, working folder. Plain
// JavaScript, so that it is the same text beside the sources and beside the build.

import { isBuiltin } from "node:module";

const [entry = "", ...dependencies] = process.argv.slice(1);

/** @param {unknown} value */
const isHolder = (value) =>
  typeof value === "function" || (typeof value === "object" && value !== null);

/** Every global, every static and every method of a global's prototype, by name. */
function readGlobals() {
  const values = new Map();
  for (const [name, value] of propertiesOf("globalThis", globalThis)) {
    values.set(name, value);
    // The process is looked at by its parts.
    if (!isHolder(value) || value === globalThis || value === process) continue;
    for (const [key, held] of propertiesOf(name, value)) values.set(key, held);
    const { prototype } = /** @type {{ prototype?: unknown }} */ (value);
    if (!isHolder(prototype)) continue;
    for (const [key, held] of propertiesOf(`${name}.prototype`, prototype)) values.set(key, held);
  }
  return values;
}

/**
 * @param {string} name
 * @param {any} holder
 * @returns {[string, unknown][]}
 */
function propertiesOf(name, holder) {
  return Reflect.ownKeys(holder).map((key) => {
    const { value, get } = Reflect.getOwnPropertyDescriptor(holder, key) ?? {};
    return [`${name}.${String(key)}`, value ?? get];
  });
}

function readProcess() {
  const listeners = process
    .eventNames()
    .map((event) => [String(event), process.listenerCount(event)]);
  return new Map([
    ...listeners.map(([event, count]) => [`listeners of "${event}" on process`, count]),
    ...Object.entries(process.env).map(([name, value]) => [`environment variable ${name}`, value]),
    ...openHandles(),
    ["working folder", process.cwd()],
    ["exit code", process.exitCode],
  ]);
}

/** How many of each kind there are; requests (FSReqCallback, CloseReq) end by themselves. */
function openHandles() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    const name = `open handles of kind ${kind}`;
    if (!kind.includes("Req")) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

// Node defines some globals for good at their first use, and opens its output with the first look at it.
// (--eval adds Node's modules as globals, some of which warn when they are looked at.)
for (const key of Reflect.ownKeys(globalThis)) {
  if (!isBuiltin(String(key))) Reflect.get(globalThis, key);
}
void process.stdout.writable;
void process.stderr.writable;

// What a dependency does, it would do without us.
for (const dependency of dependencies) await import(dependency);

const before = new Map([...readGlobals(), ...readProcess()]);
await import(entry);
const after = new Map([...readGlobals(), ...readProcess()]);

const changes = [...new Set([...before.keys(), ...after.keys()])].filter(
  (name) => !Object.is(before.get(name), after.get(name)),
);
process.stdout.write(`${JSON.stringify(changes)}\n`, () => process.exit());
