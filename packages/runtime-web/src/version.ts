// The version that result files carry; a test compares it with package.json.

/** Version of this project. */
export const VERSION = "0.1.0";
