export { CliError, type CliErrorCode, Interruption, isCliError } from "./errors.ts";
export type { CliEvent, FailedEvent, ProgressEvent, ResultEvent } from "./events.ts";
export { main, type MainOptions } from "./main.ts";
export type { DefaultModel } from "./checkpoints/default-model.ts";
export type { OutputStream } from "./terminal/output-stream.ts";
