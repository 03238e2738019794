// From what `tokens` is asked for and what the checkpoint says to the pictures that are encoded.

import { tokensPerTile } from "@internvit/model-core";

import type { Model } from "../checkpoints/open-model.ts";
import { CliError } from "../errors.ts";
import { storedTiles } from "../pictures/stored-tiles.ts";
import { tiledImages } from "../pictures/tiled-images.ts";
import { videoFrames } from "../pictures/video-frames.ts";
import type { VisualInput } from "../pictures/visual-input.ts";
import type { TokensRequest } from "./tokens.ts";

/** How pictures become tiles and tokens: what was asked for, else what the checkpoint says, else InternVL 2.5's. */
export interface TokenSettings {
  readonly tileSize: number;
  readonly minTiles: number;
  readonly maxTiles: number;
  readonly useThumbnail: boolean;
  readonly padToSquare: boolean;
  /** Visual tokens of a tile of that side. */
  readonly tokensPerTile: (tileSize: number) => number;
}

/**
 * The settings for a model.
 *
 * @throws CliError `usage` for tile limits that exclude each other; ModelError for a tile size that does not fit.
 */
export function planVisualTokens({ checkpoint }: Model, request: TokensRequest): TokenSettings {
  const { chat, config } = checkpoint;
  const {
    imageSize = chat?.imageSize ?? config.imageSize,
    minTiles = chat?.minTiles ?? 1,
    maxTiles = chat?.maxTiles ?? 12,
  } = request;
  if (minTiles > maxTiles) {
    throw new CliError("usage", `--min-tiles ${minTiles} is more than --max-tiles ${maxTiles}`);
  }
  const downsampleRatio = chat?.downsampleRatio ?? 0.5;
  return {
    tileSize: imageSize,
    minTiles,
    maxTiles,
    useThumbnail: request.thumbnail && (chat?.useThumbnail ?? true),
    padToSquare: chat?.padToSquare ?? false,
    tokensPerTile: (tileSize) => tokensPerTile(config, { imageSize: tileSize, downsampleRatio }),
  };
}

/**
 * The pictures, sizes read and planned.
 *
 * @throws CliError `usage` unless exactly one kind of input was given; PreprocessError for what cannot be decoded.
 */
export async function openVisualInput(
  request: TokensRequest,
  { settings, signal }: { readonly settings: TokenSettings; readonly signal: AbortSignal },
): Promise<VisualInput> {
  const { images, video, pixelValues, tilesPerImage, tileBudget, orientation } = request;
  const { tileSize, minTiles, maxTiles, useThumbnail, padToSquare } = settings;
  checkKinds(request);
  const limits = { orientation, maxPixels: request.maxPixels, maxSide: request.maxSide };
  if (pixelValues !== undefined) {
    const { tokensPerTile: perTile } = settings;
    return storedTiles(pixelValues, { tilesPerImage, tokensPerTile: perTile, signal });
  }
  const perTile = settings.tokensPerTile(tileSize);
  if (video !== undefined) {
    const { frames, clip, decoder } = request;
    const sampling = { frames, clip, decoder };
    return videoFrames(video, {
      ...limits,
      ...sampling,
      tileSize,
      tokensPerTile: perTile,
      padToSquare,
      signal,
    });
  }
  const planning = {
    tokensPerTile: perTile,
    tileSize,
    minTiles,
    maxTiles,
    useThumbnail,
    tileBudget,
  };
  // Tiles are square already; only a model without tiling sees a picture's own shape.
  return tiledImages(images, {
    ...limits,
    planning,
    padToSquare: padToSquare && maxTiles === 1,
    signal,
  });
}

function checkKinds(request: TokensRequest): void {
  const { images, video, pixelValues, imageSize, tilesPerImage } = request;
  const given = [
    ...(images.length > 0 ? ["image files"] : []),
    ...(video === undefined ? [] : ["--video"]),
    ...(pixelValues === undefined ? [] : ["--pixel-values"]),
  ];
  if (given.length !== 1) {
    throw new CliError(
      "usage",
      `expected image files, --video <file> or --pixel-values <file>:<key>, found ${given.length === 0 ? "none of them" : given.join(" and ")}`,
    );
  }
  if (pixelValues !== undefined && imageSize !== undefined) {
    throw new CliError(
      "usage",
      "--image-size does not go with --pixel-values: the tensor has a size",
    );
  }
  if (pixelValues === undefined && tilesPerImage !== undefined) {
    throw new CliError("usage", "--tiles-per-image goes with --pixel-values only");
  }
}
