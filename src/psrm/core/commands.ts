// The line protocol of a service's own socket as values: one command a line in, one JSON object a
// line out (design 30: applications that require the highest level of integration communicate
// directly with PSRM). Lines come from any process of the service: nothing is believed.
//
//   trouble TEXT    it is in trouble: design 29 case 3, onFailure.trouble decides
//   ok              the trouble is over
//   move TEXT       stop it here, another board shall run the equivalent
//   active          is this board active for its group?
//   status          what PSRM knows of it
//   subscribe       one line for every change between active and standby, and of its state

import { err, ok, type Result } from "../../base/index.ts";
import { statusCharsMax } from "../limits.ts";

/** A line that makes sense. */
export type ServiceCommand =
  | { readonly type: "trouble"; readonly why: string }
  | { readonly type: "move"; readonly why: string }
  | { readonly type: "ok" }
  | { readonly type: "active" }
  | { readonly type: "status" }
  | { readonly type: "subscribe" };

/** Reads one line without its end. The error says what would be right. */
export function parseServiceCommand(line: string): Result<ServiceCommand, string> {
  const text = line.replace(/\p{Cc}/gu, " ").trim();
  const space = text.indexOf(" ");
  const name = space < 0 ? text : text.slice(0, space);
  const rest = space < 0 ? "" : text.slice(space + 1).trim();
  switch (name) {
    case "trouble":
    case "move":
      return rest === ""
        ? err(`use: ${name} TEXT, the reason in words`)
        : ok({ type: name, why: rest.slice(0, statusCharsMax) });
    case "ok":
    case "active":
    case "status":
    case "subscribe":
      return rest === "" ? ok({ type: name }) : err(`use: ${name}, alone on its line`);
    default:
      return err(
        `no command "${name.slice(0, 40)}"; there are: trouble TEXT, ok, move TEXT, active, ` +
          "status, subscribe",
      );
  }
}
