// The whole surface of runtime: the process of a board.
export { explanations } from "./explanations.ts";
export { type Runtime, type RuntimeReport, startRuntime } from "./runtime.ts";
