export {
  DEFAULT_MAX_PIXELS,
  DEFAULT_MAX_SIDE,
  type DecodedImage,
  type DecodeOptions,
  type SizeLimits,
  type SourceMode,
} from "../decode-contract.ts";
export { detectImageFormat, type ImageFormat } from "../image-format.ts";
export { configureSharp } from "./configure.ts";
export { decodeImage } from "./decode.ts";
export { type ImageSizeOptions, readImageSize } from "./read-image-size.ts";
export { reencodeJpeg } from "./jpeg-reencode.ts";
