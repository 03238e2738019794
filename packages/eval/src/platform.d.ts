// The few globals of the web platform that the core of this package uses. It is compiled without the DOM and Node type
// libraries, so that nothing else of either can slip in.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}

declare const crypto: {
  readonly subtle: {
    digest(algorithm: "SHA-256", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
  };
};

declare class ReadableStream {
  pipeThrough(through: CompressionStream): ReadableStream;
}

declare class CompressionStream {
  constructor(format: "deflate");
  readonly readable: ReadableStream;
}

declare class Blob {
  constructor(parts: readonly Uint8Array<ArrayBuffer>[]);
  stream(): ReadableStream;
}

declare class Response {
  constructor(body: ReadableStream);
  arrayBuffer(): Promise<ArrayBuffer>;
}

declare const performance: { now(): number };

declare function setTimeout(callback: () => void, milliseconds: number): unknown;

// Named by zod's declarations only.
declare class URL {
  readonly href: string;
}
