export { type HubSettings, hubSettings, type ProxySettings } from "./settings.ts";
export { createHubFetch, type HubFetchResource, type Patience } from "./hub-fetch.ts";
export type { ModelParts } from "./select-tensors.ts";
export {
  type DownloadableFile,
  downloadUrl,
  findDownload,
  type UrlOptions,
} from "./download-url.ts";
export type { DownloadProgress } from "./progress.ts";
export { findCachedModel, type FindCachedOptions } from "./cached-model.ts";
export { type CachedModel, listCachedModels } from "./list-cached.ts";
export { type DownloadedModel, downloadModel, type DownloadOptions } from "./download-model.ts";
export {
  type FileState,
  type Verification,
  type VerifiedFile,
  verifyModel,
  type VerifyOptions,
} from "./verify.ts";
export { repairModel } from "./repair.ts";
