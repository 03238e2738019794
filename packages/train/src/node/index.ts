export type { CheckpointFile } from "./checkpoint-name.ts";
export {
  type DamagedCheckpoint,
  listCheckpointFiles,
  readCheckpointFile,
  resumeFromFolder,
  saveCheckpointFile,
  type SaveCheckpointOptions,
  type SavedCheckpoint,
} from "./checkpoint-folder.ts";
