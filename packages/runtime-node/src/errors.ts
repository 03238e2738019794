// The error class of this package is the one that every runtime has.

export { isRuntimeError, RuntimeError, type RuntimeErrorCode } from "@internvit/model-core";
