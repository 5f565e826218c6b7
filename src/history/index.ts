// The whole surface of history: what happened on this board and the others, in one order, as
// stories; and the one list of alarms.
export { type AlarmBook, type AlarmBookOptions, openAlarmBook } from "./alarm-book.ts";
export { type FiledAlarm, readAlarmFile } from "./core/alarm-file.ts";
export type { Acknowledgement, Alarm, AlarmReport, Moment, Severity } from "./core/alarms.ts";
export { type Episode, type EpisodeOutcome, episodesOf } from "./core/episodes.ts";
export { type HistoryStep, type StepKind, type StepName, stepNames } from "./core/steps.ts";
export {
  addStep,
  createTimeline,
  hearSteps,
  type OwnStep,
  packetsOf,
  type Receipt,
  type Timeline,
  type TimelineCounters,
} from "./core/timeline.ts";
export { explanations } from "./explanations.ts";
