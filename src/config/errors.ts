// One mistake in a chassis file: where it is, what is wrong, what would be right. Texts never
// contain values of secrets (communities, keys).

/** A mistake in a chassis file; `line` and `column` count from 1. */
export type ConfigError = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `slots.3.portA`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong; what would be right. */
  readonly message: string;
};

/** `chassis.yaml:12:9: slots.3.portA: switch sw-a has no port "49"; it has 1 to 48`. */
export function configErrorText(error: ConfigError): string {
  const path = error.path === "" ? "" : `${error.path}: `;
  return `${error.file}:${error.line}:${error.column}: ${path}${error.message}`;
}
