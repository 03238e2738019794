// The few globals that Node, browsers and workers share and that the core uses. It is compiled without the DOM and
// Node type libraries, so that nothing else of either can slip in.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}

declare class URL {
  constructor(url: string);
  readonly href: string;
  readonly host: string;
  readonly hostname: string;
  readonly origin: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
}

declare function fetch(
  url: string,
  init: import("./connection.ts").HubRequest,
): Promise<import("./connection.ts").HubResponse>;

declare function setTimeout(callback: () => void, milliseconds: number): number;
declare function clearTimeout(timer: number | undefined): void;
