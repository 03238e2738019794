export { HubError, type HubErrorCode, type HubErrorOptions, isHubError } from "./errors.ts";
export {
  formatModelReference,
  type ModelReference,
  parseModelReference,
} from "./model-reference.ts";
export {
  DEFAULT_ENDPOINT,
  type HubBody,
  type HubFetch,
  type HubOptions,
  type HubRequest,
  type HubResponse,
} from "./connection.ts";
export { getRevision, type HubFile, type HubRevision } from "./revision.ts";
export { type HubDirectory, hubDirectory } from "./hub-directory.ts";
export { urlDirectory } from "./url-directory.ts";
