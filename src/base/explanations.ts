// What `explain` says about events and alarms: every room exports one table of this shape.

/** One event or alarm: what it means and what a person can do about it, in sentences. */
export type Explanation = { readonly meaning: string; readonly action: string };

/** A room's explanations by event name. */
export type Explanations = Readonly<Record<string, Explanation>>;
