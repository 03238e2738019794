export default {
  mode: "production",
  entry: ["./main.js", "./index.html"],
  // The page as it stands. Nothing here is needed for our packages.
  module: {
    rules: [{ test: /\.html$/, type: "asset/resource", generator: { filename: "[name][ext]" } }],
  },
};
