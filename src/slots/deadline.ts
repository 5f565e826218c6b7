// A driver call that ends in time whatever the driver does: late answers are nobody's.

import { err, type Result } from "../base/index.ts";
import type { DriverError } from "./driver.ts";

/** The call's answer; `timeout` once `deadlineMs` and a little are over, `failed` if it throws. */
export async function withDeadline<T>(
  call: () => Promise<Result<T, DriverError>>,
  deadlineMs: number,
): Promise<Result<T, DriverError>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // One ms more than the driver has, so that its own words about a timeout win.
  const late = new Promise<Result<T, DriverError>>((resolve) => {
    timer = setTimeout(() => {
      resolve(err({ kind: "timeout", text: `the driver did not answer in ${deadlineMs} ms` }));
    }, deadlineMs + 1);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return err({ kind: "failed", text: `the driver broke: ${text}` });
  } finally {
    clearTimeout(timer);
  }
}
