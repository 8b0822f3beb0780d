/** A host that ssh did not reach: of one host it is told once, however many steps fail for it. */
import { type ErrorDetails, Status, VzError } from "../../common/errors.ts";

export class Unreachable extends VzError {
  /** Its name in the fleet file. */
  readonly host: string;

  constructor(host: string, where: string, why: string, details: ErrorDetails) {
    super(Status.unreachable, `${host}: unreachable at ${where}: ${why}`, details);
    this.host = host;
  }
}
