/** Why there is no container, told from one process of runch to another: a line of JSON. */
import { VzError } from "../../../common/errors.ts";

interface Reported {
  readonly status: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

export function report({ status, message, hint }: VzError): string {
  return JSON.stringify({ status, message, hint } satisfies Reported);
}

/** @param line what `report` made */
export function reported(line: string): VzError {
  const { status, message, hint }: Reported = JSON.parse(line);
  return new VzError(status, message, hint === undefined ? {} : { hint });
}
