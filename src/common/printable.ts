/** Text from elsewhere on a terminal. */

/** Drops control characters, so that text from a slave cannot drive the operator's terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
