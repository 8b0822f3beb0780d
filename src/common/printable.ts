/** Makes text from elsewhere safe for a terminal. */

/** Replaces control characters by "?", so that text from a slave cannot drive the operator's terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
