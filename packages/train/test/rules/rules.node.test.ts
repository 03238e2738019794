import { createNodeRuntime } from "@internvit/runtime-node";

import { describeRules } from "./describe-rules.ts";

describeRules("CPU", () => createNodeRuntime(), { calls: 12, fusedMatMul: false });
describeRules("CPU, FusedMatMul", () => createNodeRuntime(), { calls: 4, fusedMatMul: true });
