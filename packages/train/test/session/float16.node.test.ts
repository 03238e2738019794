import { createNodeRuntime } from "@internvit/runtime-node";

import { describeFloat16 } from "./describe-float16.ts";

describeFloat16("CPU", () => createNodeRuntime());
