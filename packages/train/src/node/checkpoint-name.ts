// What a checkpoint file is called: the update and, where there is one, the score. A name cannot disagree with its file
// after a kill, as an index beside the files could, and it is there after a copy, as times are not.

/** A checkpoint file in a folder. */
export interface CheckpointFile {
  readonly path: string;
  /** Updates done. */
  readonly update: number;
  /** What it was saved with. */
  readonly score: number | undefined;
}

const NAME = /^update-(\d{8,})(?:\.score(.+))?\.safetensors$/;

/** Such as `update-00001200.safetensors` or `update-00001200.score0.8125.safetensors`. */
export function checkpointName({ update, score }: Omit<CheckpointFile, "path">): string {
  const scored = score === undefined ? "" : `.score${score}`;
  return `update-${String(update).padStart(8, "0")}${scored}.safetensors`;
}

/** What a name says, or undefined for that of any other file. */
export function parseCheckpointName(name: string): Omit<CheckpointFile, "path"> | undefined {
  const [, update, score] = NAME.exec(name) ?? [];
  if (update === undefined) return undefined;
  const found = {
    update: Number(update),
    score: score === undefined ? undefined : Number(score),
  };
  // A name that is written otherwise is somebody else's.
  return checkpointName(found) === name ? found : undefined;
}
