export {
  DEFAULT_MAX_PIXELS,
  DEFAULT_MAX_SIDE,
  type DecodedImage,
  type DecodeOptions,
  type SizeLimits,
  type SourceMode,
} from "../decode-contract.ts";
export { detectImageFormat, type ImageFormat } from "../image-format.ts";
export { captureFrame, type CaptureOptions, type FrameInput } from "./capture-frame.ts";
export { decodeImage } from "./decode.ts";
