export { configureSharp } from "./configure.ts";
export {
  decodeImage,
  DEFAULT_MAX_PIXELS,
  DEFAULT_MAX_SIDE,
  type DecodedImage,
  type DecodeOptions,
  type SourceMode,
} from "./decode.ts";
export { reencodeJpeg } from "./jpeg-reencode.ts";
export { detectImageFormat, type ImageFormat } from "./image-format.ts";
