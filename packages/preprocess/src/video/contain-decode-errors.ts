// mediabunny 1.61 closes a registered decoder through the same chain of promises that its `decode` calls went
// through, and nobody handles that last promise. After one packet that does not decode the chain is rejected for
// good: the error reaches the caller, but the unhandled rejection then ends a Node process, and the decoder's memory is
// never freed. Here the chain is made whole again before the decoder is closed. It is a private part of mediabunny;
// where another version has none, nothing is changed.

import type { VideoSampleSink } from "mediabunny";

interface DecoderParts {
  close?: () => void;
  customDecoderCallSerializer?: { currentPromise?: Promise<unknown> };
}

const CREATE_DECODER = "_createDecoder";

interface SinkParts {
  [CREATE_DECODER]?: (...handlers: unknown[]) => Promise<DecoderParts>;
}

/** The same sink, whose decoders close without rejecting. */
export function containDecodeErrors(sink: VideoSampleSink): VideoSampleSink {
  const parts = sink as unknown as SinkParts;
  const createDecoder = parts[CREATE_DECODER];
  if (createDecoder === undefined) return sink;
  parts[CREATE_DECODER] = async (...handlers) => {
    const decoder = await createDecoder.apply(sink, handlers);
    const close = decoder.close;
    decoder.close = () => {
      const calls = decoder.customDecoderCallSerializer;
      if (calls?.currentPromise !== undefined) {
        calls.currentPromise = calls.currentPromise.catch(() => {});
      }
      close?.call(decoder);
    };
    return decoder;
  };
  return sink;
}
