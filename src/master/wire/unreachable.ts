/** The error of a host that ssh did not reach: a screen shows one for each host, however many steps fail. */
import { type ErrorDetails, Status, VzError } from "../../common/errors.ts";

export class Unreachable extends VzError {
  /** Its name in the fleet file. */
  readonly host: string;

  constructor(host: string, where: string, why: string, details: ErrorDetails) {
    super(Status.unreachable, `${host}: unreachable at ${where}: ${why}`, details);
    this.host = host;
  }
}
