export type { FrameOptions, VideoLimits, VideoSource } from "../video/video-source.ts";
export { openVideoFile, type OpenVideoFileOptions } from "./open-video-file.ts";
