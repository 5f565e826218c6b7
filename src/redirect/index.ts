// The whole surface of redirect: wishes about who is active where, and what faults would do.
export { placementsOf, step } from "./core.ts";
export { createState as createRedirect, type State as RedirectState } from "./core/state.ts";
export { explanations } from "./explanations.ts";
export {
  endStates,
  type EndState,
  type EndStateProblem,
  type EndStates,
} from "./foresight/end-states.ts";
export {
  allFaults,
  faultsText,
  type FaultyParts,
  parseFaults,
  type RedirectFault,
} from "./foresight/faults.ts";
export { whatIfText } from "./foresight/story.ts";
export { endStatesText } from "./foresight/table.ts";
export { type GroupEnd, whatIf, type WhatIf, type WhatIfStep } from "./foresight/what-if.ts";
export { calmFacts } from "./foresight/world.ts";
export type {
  BoardFact,
  GroupFact,
  Placement,
  RedirectConfig,
  RedirectEffect,
  RedirectEvent,
  RedirectFacts,
  ServiceFact,
  ValueFact,
} from "./types.ts";
