/** Where a program may be: the PATH of the container's own environment, as execvp(3) reads it. */

const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The last value of `name` among "NAME=value" lines. */
export function environmentValue(env: readonly string[], name: string): string | undefined {
  return env.findLast((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Paths to try, in their order. A name with a slash is a path already; an empty part of PATH is the directory "." */
export function candidates(name: string, env: readonly string[]): string[] {
  if (name === "") return [];
  if (name.includes("/")) return [name];
  const path = environmentValue(env, "PATH") ?? USUAL_PATH;
  return path.split(":").map((directory) => (directory === "" ? name : `${directory}/${name}`));
}

/** Home directory of `uid` in the text of an /etc/passwd; "/" where it has none. */
export function homeOf(passwd: string, uid: number): string {
  for (const line of passwd.split("\n")) {
    const fields = line.split(":");
    if (fields.length >= 6 && fields[2] === String(uid) && fields[5]) return fields[5];
  }
  return "/";
}
