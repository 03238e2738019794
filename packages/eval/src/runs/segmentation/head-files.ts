// The trained heads in the storage of a run.

import { encoderConfigJson, type Tensor } from "@internvit/model-core";
import type { TrainingSession } from "@internvit/train";

import { encodeHeadFacts, type SegmentationHeadFacts } from "../../heads/segmentation/head-facts.ts";
import { encodeSegmentationHead } from "../../heads/segmentation/head-file.ts";
import { HEAD_FILE } from "../run-options.ts";
import type { RunStorage } from "../run-storage.ts";

/** The head of the scoring with the best mean IoU; `HEAD_FILE` is that of the last iteration. */
export const BEST_HEAD_FILE = "best-head.safetensors";

/** What `SegmentationHeadFacts` says beside the iteration. */
export type HeadDescription = Omit<SegmentationHeadFacts, "iteration">;
