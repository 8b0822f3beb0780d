/** Errors of the modules' own, with Node's codes. */

export function codedError<T extends Error>(error: T, code: string): T & { code: string } {
  return Object.assign(error, { code });
}

/** For an argument that a function here does not take although Node's does. */
export function unsupported(what: string): Error {
  return codedError(new TypeError(`${what} is not offered here`), "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM");
}
