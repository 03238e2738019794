// How a model on the hub is written: `OpenGVLab/InternViT-300M-448px-V2_5`, with `@revision` for a branch, a tag or
// a commit. The parts become folders of the cache and segments of URLs, so nothing in them may lead elsewhere. The
// rules for repositories are the hub's own (huggingface_hub/utils/_validators.py).

import { HubError } from "./errors.ts";

/** A model on the hub. */
export interface ModelReference {
  /** Owner and name, such as `OpenGVLab/InternViT-300M-448px-V2_5`. */
  readonly repository: string;
  /** A branch, a tag, a pull request (`refs/pr/1`) or a commit of 40 hex digits. */
  readonly revision: string;
}

/** The branch that is meant when none is named. */
export const DEFAULT_REVISION = "main";

const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^[A-Za-z0-9_][\w.+-]*(?:\/[A-Za-z0-9_][\w.+-]*)*$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** A branch name may be 255 bytes long; as a file name of the cache too. */
const MAX_REVISION_LENGTH = 200;

/**
 * The model that a text names, or undefined when it is not of the form `owner/name` or `owner/name@revision`. A
 * relative path of two folders has the same form: look for the folder first.
 */
export function parseModelReference(text: string): ModelReference | undefined {
  const at = text.indexOf("@");
  const repository = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? DEFAULT_REVISION : text.slice(at + 1);
  return isRepository(repository) && isRevision(revision) ? { repository, revision } : undefined;
}

/** The reference as text; the revision is left out where it is the usual one. */
export function formatModelReference({ repository, revision }: ModelReference): string {
  return revision === DEFAULT_REVISION ? repository : `${repository}@${revision}`;
}

/** True for a full commit, which never changes its meaning. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/** @throws HubError `invalid-argument` when a reference that was built by hand is not of the safe form. */
export function checkReference({ repository, revision }: ModelReference): void {
  if (isRepository(repository) && isRevision(revision)) return;
  throw new HubError(
    "invalid-argument",
    `expected a model such as OpenGVLab/InternViT-300M-448px-V2_5 or owner/name@revision, found ${JSON.stringify(`${repository}@${revision}`)}`,
  );
}

function isRepository(text: string): boolean {
  // The cache writes "/" as "--", so "--" in a name would be ambiguous there.
  const clean = !text.includes("..") && !text.includes("--");
  return REPOSITORY.test(text) && clean && !/[.-](?:\/|$)|\.git$/.test(text);
}

function isRevision(text: string): boolean {
  const safe = text.length <= MAX_REVISION_LENGTH && !text.includes("..");
  return REVISION.test(text) && safe && !/\.(?:\/|$)|\.lock$/.test(text);
}
