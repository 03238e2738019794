// The one global of the web platform that the types of model-core mention. The core of this package is compiled
// without the DOM and Node type libraries, so that nothing else of either can slip in.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}

// Named by zod's declarations only.
declare class URL {
  readonly href: string;
}
