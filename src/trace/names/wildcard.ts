/** Whether a name matches a pattern of `*`, `?` and plain characters; never slower than their lengths multiplied. */
export function matchesWildcard(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  /** Behind the last `*`, and up to where it reaches by now. */
  let star = -1;
  let reach = 0;
  while (n < name.length) {
    const char = pattern[p];
    if (char === "*") {
      star = ++p;
      reach = n;
    } else if (char === "?" || (char !== undefined && char === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star;
      n = ++reach;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
