// A bitmap's samples through WebGL, which can be told to leave colours alone under alpha; 2-D canvases cannot, and
// `VideoFrame` goes through one. A bitmap larger than a texture may be is read in tiles.

/** How to read. */
export interface StraightReadOptions {
  /** Pixels that are read at once, at most; a row of a texture at least. */
  readonly tilePixels: number;
  /** Gets the RGBA bytes of each rectangle, which are reused for the next. */
  readonly onTile: (rgba: Uint8Array, tile: BitmapTile) => void;
}

/** A rectangle of a bitmap, in pixels. */
export interface BitmapTile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Reads all of the bitmap. Says in words what is missing where that cannot be done. */
export async function readStraightRgba(
  bitmap: ImageBitmap,
  options: StraightReadOptions,
): Promise<string | undefined> {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (gl === null) return "this browser has no WebGL 2";
  try {
    return await readTiles(gl, { bitmap, ...options });
  } finally {
    // Browsers keep only a few contexts alive, and take the oldest of a page when there are too many.
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

async function readTiles(
  gl: WebGL2RenderingContext,
  options: StraightReadOptions & { readonly bitmap: ImageBitmap },
): Promise<string | undefined> {
  const { bitmap, tilePixels, onTile } = options;
  const largest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  const width = Math.min(bitmap.width, largest);
  const height = Math.min(bitmap.height, largest, Math.max(1, Math.floor(tilePixels / width)));
  const rgba = new Uint8Array(width * height * 4);
  for (let top = 0; top < bitmap.height; top += height) {
    for (let left = 0; left < bitmap.width; left += width) {
      const tile = {
        left,
        top,
        width: Math.min(width, bitmap.width - left),
        height: Math.min(height, bitmap.height - top),
      };
      const error = await readTile(gl, { bitmap, tile, rgba });
      if (error !== gl.NO_ERROR) return `WebGL reports error ${error}`;
      onTile(rgba.subarray(0, tile.width * tile.height * 4), tile);
    }
  }
  return undefined;
}

async function readTile(
  gl: WebGL2RenderingContext,
  options: {
    readonly bitmap: ImageBitmap;
    readonly tile: BitmapTile;
    readonly rgba: Uint8Array;
  },
): Promise<GLenum> {
  const { bitmap, tile, rgba } = options;
  const { left, top, width, height } = tile;
  const part = await createImageBitmap(bitmap, left, top, width, height, {
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
  const texture = gl.createTexture();
  const framebuffer = gl.createFramebuffer();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, part);
  part.close();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  gl.deleteFramebuffer(framebuffer);
  gl.deleteTexture(texture);
  return gl.getError();
}
