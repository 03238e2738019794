import {
  matchEncoderTensors,
  memoryDirectory,
  ModelError,
  readCheckpoint,
  readTensor,
} from "@internvit/model-core";
import { afterEach, beforeEach, expect, test } from "vitest";

import { getRevision, hubDirectory, parseModelReference, urlDirectory } from "../src/index.ts";
import { type HubServer, sha256, gitSha1, startHub } from "@internvit/test-kit";
import { CHAT, ENCODER, failureOf, fileOf } from "./models.ts";

let hub: HubServer;
beforeEach(async () => {
  hub = await startHub([ENCODER, CHAT, { ...CHAT, repository: "OpenGVLab/gated", gated: true }]);
});
afterEach(() => hub.close());

const reference = (text: string) => parseModelReference(text)!;

test("a revision is its commit and its files with size and hash", async () => {
  const { endpoint } = hub;
  const revision = await getRevision(reference("OpenGVLab/tiny-layernorm@refs/pr/1"), { endpoint });
  expect(revision.commit).toBe(ENCODER.commit);
  const weights = fileOf(ENCODER, "model.safetensors");
  const config = fileOf(ENCODER, "config.json");
  expect(revision.files).toContainEqual({
    name: "model.safetensors",
    size: weights.byteLength,
    sha256: sha256(weights),
  });
  expect(revision.files).toContainEqual({
    name: "config.json",
    size: config.byteLength,
    gitSha1: gitSha1(config),
  });
});

test("a checkpoint on the hub opens by ranges, with the tensors of the local one", async () => {
  const directory = hubDirectory(reference("OpenGVLab/tiny-chat"), hub);
  const remote = await readCheckpoint(directory);
  const local = await readCheckpoint(memoryDirectory("local", CHAT.files));
  expect(remote.config).toEqual(local.config);
  expect(remote.tensors).toEqual(local.tensors);
  expect(matchEncoderTensors(remote).weights).toBeDefined();

  const entry = remote.tensors.get("mlp1.1.weight")!;
  const tensor = await readTensor(remote.files.get(entry.file)!, entry);
  expect(tensor).toEqual(await readTensor(local.files.get(entry.file)!, entry));
  expect(await directory.open("nothing.json")).toBeUndefined();
});

test("a folder of any server opens by ranges, and a file that is not there is none", async () => {
  const url = `${hub.endpoint}/${ENCODER.repository}/resolve/${ENCODER.commit}/`;
  const directory = urlDirectory(url);
  expect(directory.label).toBe(url.slice(0, -1));
  const remote = await readCheckpoint(directory);
  const local = await readCheckpoint(memoryDirectory("local", ENCODER.files));
  expect(remote.config).toEqual(local.config);
  expect(remote.tensors).toEqual(local.tensors);
  expect(await directory.open("nothing.json")).toBeUndefined();
  expect(() => urlDirectory("models/tiny")).toThrow(/http\(s\) address/);
});

test.each([
  ["without ranges", { ignoreRange: true }, 200],
  ["with ranges", {}, 206],
])("a page instead of a file is no file: a server %s", async (_, ranges, status) => {
  // As servers of single-page applications answer, to everything that they do not have.
  const page = {
    content: Buffer.from("<!doctype html><title>An application</title>"),
    headers: { "content-type": "text/html; charset=utf-8" },
    ...ranges,
  };
  const missing = (name: string): void => {
    hub.fault = ({ path }) => (path.includes(`/${name}`) ? page : undefined);
  };
  const folder = `${hub.endpoint}/${ENCODER.repository}/resolve/${ENCODER.commit}`;
  missing("config.json");
  const error = await failureOf(readCheckpoint(urlDirectory(folder)));
  expect(error).toMatchObject({ code: "not-found", status });
  expect(error.message).toBe(
    `${folder}/config.json: it is not there: ${new URL(folder).host} answered with a page (${status}, text/html; charset=utf-8)`,
  );
  missing("preprocessor_config.json");
  expect((await readCheckpoint(urlDirectory(folder))).preprocessorJson).toBeUndefined();
  missing("model.safetensors");
  const weights = readCheckpoint(urlDirectory(folder));
  await expect(weights).rejects.toThrow(ModelError);
  await expect(weights).rejects.toThrow("model.safetensors");

  // The hub has listed its files, so that one that is none is an error.
  const listed = hubDirectory(reference("OpenGVLab/tiny-layernorm"), hub);
  const answer = await failureOf(readCheckpoint(listed));
  expect(answer.code).toBe("not-found");
  expect(answer.message).toContain(`answered with a page (${status}, text/html`);
});

test("a server without ranges says what it answered", async () => {
  hub.fault = () => ({ ignoreRange: true, headers: { "content-type": "application/json" } });
  const folder = `${hub.endpoint}/${ENCODER.repository}/resolve/${ENCODER.commit}`;
  const error = await failureOf(readCheckpoint(urlDirectory(folder)));
  expect(error.code).toBe("unsupported");
  expect(error.message).toContain("does not send byte ranges (it answered 200, application/json)");
});

test("bytes beyond the cached head are fetched as they are asked for", async () => {
  const directory = hubDirectory(reference("OpenGVLab/tiny-chat"), hub);
  const name = "model-00001-of-00003.safetensors";
  const source = (await directory.open(name))!;
  const bytes = fileOf(CHAT, name);
  for (const [start, end] of [
    [0, 8],
    [131_000, 131_100],
    [bytes.byteLength - 1, bytes.byteLength],
    [5, 5],
  ] as const) {
    expect(await source.read(start, end)).toEqual(new Uint8Array(bytes.subarray(start, end)));
  }
  expect((await failureOf(source.read(0, bytes.byteLength + 1))).code).toBe("invalid-argument");
});

test("a repository is named without a request, and its files say which version they are", async () => {
  hub.log.length = 0;
  const directory = hubDirectory(reference("OpenGVLab/tiny-chat"), hub);
  expect(directory.label).toBe("OpenGVLab/tiny-chat");
  expect(directory.address).toBe(`${hub.endpoint}/OpenGVLab/tiny-chat@main`);
  expect(hub.log).toEqual([]);
  const name = "model-00001-of-00003.safetensors";
  expect((await directory.open(name))?.version).toBe(`sha256:${sha256(fileOf(CHAT, name))}`);
  const config = (await directory.open("config.json"))?.version;
  expect(config).toBe(`git:${gitSha1(fileOf(CHAT, "config.json"))}`);
  expect(directory.label).toBe(`OpenGVLab/tiny-chat@${CHAT.commit.slice(0, 8)}`);
  expect((await directory.revision()).commit).toBe(CHAT.commit);
  // One listing, and no file was read.
  expect(hub.log).toHaveLength(1);

  const url = `${hub.endpoint}/${ENCODER.repository}/resolve/${ENCODER.commit}`;
  const folder = urlDirectory(url);
  expect(folder.address).toBe(url);
  const version = (await folder.open("config.json"))?.version;
  expect(version).toMatch(new RegExp(`^${url}/config.json "[0-9a-f]+"$`));

  hub.fault = () => ({ status: 404 });
  const missing = hubDirectory(reference("OpenGVLab/tiny-chat"), hub);
  expect((await failureOf(missing.open("config.json"))).code).toBe("not-found");
  hub.fault = undefined;
  expect(await missing.open("config.json")).toBeDefined();
});

test("the token goes to the hub and never to the server that it redirects to", async () => {
  const directory = hubDirectory(reference("OpenGVLab/gated"), {
    endpoint: hub.endpoint,
    token: "hf_good",
  });
  await readCheckpoint(directory);
  const to = (server: string) => hub.log.filter((request) => request.server === server);
  expect(to("hub").every(({ authorization }) => authorization === "Bearer hf_good")).toBe(true);
  expect(to("cdn").length).toBeGreaterThan(2);
  expect(to("cdn").every(({ authorization }) => authorization === undefined)).toBe(true);
});

test("what does not exist is named, and a gated model says what to do", async () => {
  const { endpoint } = hub;
  const ask = (text: string, options = {}) =>
    failureOf(getRevision(reference(text), { endpoint, ...options }));
  const repository = await ask("OpenGVLab/absent");
  expect(repository).toMatchObject({ code: "not-found" });
  expect(repository.message).toContain("no such repository");
  const revision = await ask("OpenGVLab/tiny-chat@absent");
  expect(revision).toMatchObject({ code: "not-found" });
  expect(revision.message).toContain("no such revision");
  const gated = await ask("OpenGVLab/gated", { token: "hf_bad_secret" });
  expect(gated).toMatchObject({ code: "unauthorized", status: 403 });
  expect(gated.message).toMatch(/accept its licence at .*\/OpenGVLab\/gated/);
  expect(gated.message).not.toContain("hf_bad_secret");
  expect((await ask("OpenGVLab/gated")).message).toContain("set HF_TOKEN");
});

test("failures that pass are tried again, others are not", async () => {
  const options = { endpoint: hub.endpoint, retryDelay: 1 };
  let count = 0;
  hub.fault = () => (count++ < 3 ? { status: [503, 429, 500][count - 1]! } : undefined);
  await getRevision(reference("OpenGVLab/tiny-chat"), options);
  expect(count).toBe(4);

  count = 0;
  hub.fault = () => ({ status: count++ < 100 ? 403 : 200 });
  await failureOf(getRevision(reference("OpenGVLab/tiny-chat"), options));
  expect(count).toBe(1);

  count = 0;
  hub.fault = () => ({ status: count++ < 100 ? 503 : 200 });
  const error = await failureOf(getRevision(reference("OpenGVLab/tiny-chat"), options));
  expect(error).toMatchObject({ code: "network", status: 503 });
  expect(count).toBe(6);
});

test("Retry-After is obeyed, and reported when it asks for too much", async () => {
  const options = { endpoint: hub.endpoint, retryDelay: 1 };
  let count = 0;
  hub.fault = () => (count++ === 0 ? { status: 429, headers: { "retry-after": "1" } } : undefined);
  const start = performance.now();
  await getRevision(reference("OpenGVLab/tiny-chat"), options);
  expect(performance.now() - start).toBeGreaterThan(950);

  hub.fault = () => ({ status: 429, headers: { "retry-after": "3600" } });
  const error = await failureOf(getRevision(reference("OpenGVLab/tiny-chat"), options));
  expect(error.message).toContain("wait 3600 s");
});

const listing = (siblings: unknown) => async () => ({
  status: 200,
  headers: new Headers(),
  body: new Response(JSON.stringify({ sha: "a".repeat(40), siblings })).body,
});

test("a listing without hashes, or with a path that leaves the repository, is refused", async () => {
  const { endpoint } = hub;
  const blobId = "b".repeat(40);
  for (const file of [
    { rfilename: "config.json", size: 3 },
    { rfilename: "../config.json", size: 3, blobId },
    { rfilename: "a//b", size: 3, blobId },
    { rfilename: "a\\b", size: 3, blobId },
    { rfilename: "a", size: -1, blobId },
    { rfilename: "a", size: 1, blobId, lfs: { sha256: "../../../x" } },
  ]) {
    const options = { endpoint, fetch: listing([file]) };
    const error = await failureOf(getRevision(reference("a/b"), options));
    expect(error.code, JSON.stringify(file)).toBe("malformed");
  }
});

test("a server that sends another file than before is noticed", async () => {
  const directory = hubDirectory(reference("OpenGVLab/tiny-chat"), {
    endpoint: hub.endpoint,
    retryDelay: 1,
  });
  const source = (await directory.open("model-00001-of-00003.safetensors"))!;
  await source.read(140_000, 140_008);
  hub.fault = () => ({ headers: { etag: '"another"' } });
  expect((await failureOf(source.read(150_000, 150_008))).code).toBe("changed");
});

test("reading can be aborted", async () => {
  hub.fault = ({ server }) => (server === "cdn" ? { stallAfter: 4 } : undefined);
  const directory = hubDirectory(reference("OpenGVLab/tiny-chat"), hub);
  const source = (await directory.open("model-00001-of-00003.safetensors"))!;
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await expect(source.read(0, 100, controller.signal)).rejects.toBe(reason);
});

test("an endpoint that is no address, or holds a password, is refused without being quoted", async () => {
  for (const endpoint of ["", "huggingface.co", "ftp://x", "https://user:pass-word@x"]) {
    const error = await failureOf(getRevision(reference("a/b"), { endpoint }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).not.toContain("pass-word");
  }
});
