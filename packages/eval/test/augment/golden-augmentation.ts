// The manifest and the tensors of the golden augmentations.

import type { RgbImage } from "@internvit/preprocess";
import { type GoldenTensor, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";

import type { LabelMap } from "../../src/index.ts";

/** A picture's or a crop's width and height. */
export type Pair = readonly [number, number];

/** What the tests read of augmentation.json. */
export interface AugmentationManifest {
  readonly resized_crop: {
    readonly image: string;
    readonly cases: readonly {
      readonly top: number;
      readonly left: number;
      readonly height: number;
      readonly width: number;
      readonly flip: boolean;
      readonly rgb_448_sha256: string;
      readonly rgb_64_sha256: string;
    }[];
  };
  readonly resized_crop_attempts: readonly {
    readonly width: number;
    readonly height: number;
    readonly area_fraction: number;
    readonly aspect: number;
    readonly crop: Pair;
    readonly accepted: boolean;
  }[];
  readonly resized_crop_fallback: readonly {
    readonly width: number;
    readonly height: number;
    readonly crop: Pair;
    readonly left: number;
    readonly top: number;
  }[];
  readonly eval_resize_centre_crop: readonly {
    readonly width: number;
    readonly height: number;
    readonly resized: Pair;
    readonly left: number;
    readonly top: number;
  }[];
  readonly mixing: readonly {
    readonly kind: "mixup" | "cutmix";
    readonly lam: number;
    readonly out: string;
    /** Of cutmix only, as the following. */
    readonly drawn_lam: number;
    /** row, column */
    readonly centre: Pair;
    /** top, bottom, left, right */
    readonly box: readonly [number, number, number, number];
  }[];
  readonly mixing_tolerance_abs: number;
  readonly photometric_distortion: {
    readonly image: string;
    readonly cases: readonly {
      readonly image?: string;
      readonly operations: readonly (readonly [
        "brightness" | "contrast" | "saturation" | "hue",
        number,
      ])[];
      readonly out: string;
      readonly tolerance: number;
      readonly share_within_1?: number;
    }[];
  };
  readonly resize: {
    readonly cases: readonly {
      readonly size: Pair;
      readonly image: string;
      readonly label: string;
    }[];
  };
  readonly train_size: readonly {
    readonly width: number;
    readonly height: number;
    readonly draw: number;
    readonly size: Pair;
  }[];
  readonly test_size: readonly {
    readonly width: number;
    readonly height: number;
    readonly after_short_side: Pair;
    readonly after_multiple: Pair;
  }[];
  readonly crop_normalise_pad: {
    readonly source: Pair | readonly [string, string];
    readonly tolerance_abs: number;
    readonly cases: readonly {
      readonly top: number;
      readonly left: number;
      readonly size: number;
      /** rows, columns */
      readonly kept: Pair;
      readonly image: string;
      readonly label: string;
      readonly class_check_passes: boolean;
    }[];
  };
  readonly class_share_check: readonly {
    readonly counts: Readonly<Record<string, number>>;
    readonly passes: boolean;
  }[];
  readonly reduce_zero_label: readonly number[];
}

/** The manifest, with its tensors as pictures, labels or plain tensors. */
export function readAugmentation(): {
  readonly manifest: AugmentationManifest;
  /** A uint8 `[height, width, 3]` tensor. */
  readonly picture: (name: string) => RgbImage;
  /** The same, its channels reversed: the reference's pictures for OpenCV are BGR. */
  readonly reversed: (name: string) => RgbImage;
  /** A uint8 `[height, width]` tensor. */
  readonly labels: (name: string) => LabelMap;
  readonly tensor: (name: string) => GoldenTensor;
} {
  const manifest = readGoldenJson<AugmentationManifest>("probes", "augmentation.json");
  const tensors = readGoldenTensors("probes", "augmentation.safetensors");
  const tensor = (name: string): GoldenTensor => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`augmentation.safetensors has no tensor ${name}`);
    return found;
  };
  const bytes = (name: string): { width: number; height: number; data: Uint8Array } => {
    const { shape, data } = tensor(name);
    if (!(data instanceof Uint8Array)) throw new Error(`${name} is not uint8`);
    return { height: shape[0]!, width: shape[1]!, data };
  };
  return {
    manifest,
    tensor,
    picture: bytes,
    labels: bytes,
    reversed(name) {
      const image = bytes(name);
      return { ...image, data: reverseChannels(image.data) };
    },
  };
}

/** RGB to BGR or back. */
export function reverseChannels(data: Uint8Array): Uint8Array {
  return data.map((_, i) => data[i - (i % 3) + 2 - (i % 3)]!);
}
