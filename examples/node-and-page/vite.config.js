// A cross-origin isolated page, in which WebAssembly computes with threads. Whatever serves the built files must send
// the same headers.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default { server: { headers }, preview: { headers } };
