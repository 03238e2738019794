// Decodes what it is sent and answers with the picture.

import { decodeImage } from "../../src/canvas/index.ts";

addEventListener("message", (event: MessageEvent<Uint8Array<ArrayBuffer>>) => {
  void decodeImage(event.data).then(({ image }) => postMessage(image));
});
