// The profile of a session, for the sake of the placement that it tells. Built for browsers, ONNX Runtime prints it
// line by line to `console.log`, as it was when its WebAssembly started.

/** What ONNX Runtime prints. */
export interface Printed {
  /** From now on lines are kept and not printed. */
  keep(): void;
  /** The lines since `keep`. */
  take(): string;
}

/** Starts ONNX Runtime by `start`, with its printing led through here. */
export async function leadPrinting(start: () => Promise<void>): Promise<Printed> {
  let kept: string[] | undefined;
  const printer: { log: (...words: unknown[]) => void } = console;
  const { log } = printer;
  printer.log = (...words) => {
    if (kept === undefined) log(...words);
    else kept.push(words.join(" "));
  };
  try {
    await start();
  } finally {
    printer.log = log;
  }
  return {
    keep() {
      kept = [];
    },
    take() {
      const lines = kept ?? [];
      kept = undefined;
      return lines.join("\n");
    },
  };
}
