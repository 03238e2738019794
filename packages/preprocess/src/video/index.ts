export { openVideo, type OpenVideoOptions } from "./open-video.ts";
export type { FrameOptions, VideoLimits, VideoSource } from "./video-source.ts";
