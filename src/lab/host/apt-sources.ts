/** Finds the Debian mirror that this machine itself uses: sources.list(5), in one-line and in deb822 style. */

export interface Mirror {
  readonly uri: string;
  /** Options of a one-line entry that say whom to trust: "signed-by=/usr/share/…" */
  readonly options: readonly string[];
}

interface Source extends Mirror {
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** Entries of a `.list` file: `deb [options] uri suite component…`. */
export function parseOneLine(text: string): Source[] {
  const sources: Source[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (match === null) continue;
    const [, options = "", uri = "", suite = "", components = ""] = match;
    sources.push({
      uri,
      suites: [suite],
      components: components.trim().split(/\s+/),
      options: options.split(/\s+/).filter((option) => /^(signed-by|trusted)=/.test(option)),
    });
  }
  return sources;
}

/** Stanzas of a `.sources` file. */
export function parseDeb822(text: string): Source[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map(fieldsOf)
    .filter((fields) => words(fields, "types").includes("deb") && fields.get("enabled") !== "no")
    .flatMap((fields) =>
      words(fields, "uris").map((uri) => ({
        uri,
        suites: words(fields, "suites"),
        components: words(fields, "components"),
        options: trustOptions(fields),
      })),
    );
}

/** Fields of a stanza by their names in lower case; newlines separate the lines of a long one. */
export function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = "";
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    const match = /^([A-Za-z0-9-]+):(.*)/.exec(line);
    if (match !== null) {
      name = (match[1] ?? "").toLowerCase();
      fields.set(name, (match[2] ?? "").trim());
    } else if (/^[ \t]/.test(line) && name !== "") {
      fields.set(name, `${fields.get(name)}\n${line.trim()}`.trim());
    }
  }
  return fields;
}

function words(fields: ReadonlyMap<string, string>, name: string): string[] {
  return (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
}

/** Options for a one-line entry. A key written out in the stanza does not fit there: mmdebstrap then finds Debian's by itself. */
function trustOptions(fields: ReadonlyMap<string, string>): string[] {
  const keyring = fields.get("signed-by") ?? "";
  return [
    ...(keyring.startsWith("/") ? [`signed-by=${words(fields, "signed-by").join(",")}`] : []),
    ...(fields.get("trusted") === "yes" ? ["trusted=yes"] : []),
  ];
}

/**
 * The first entry that serves the main part of a Debian release as such (no -updates, no -security), over HTTP.
 * @param releases code names, preferred first; other suites ("stable") count last
 */
export function findMirror(sources: readonly Source[], releases: readonly string[]): Mirror | undefined {
  const usable = sources.filter(
    ({ uri, components, suites }) =>
      /^https?:\/\//.test(uri) && components.includes("main") && suites.some((suite) => isRelease(suite)),
  );
  const rank = ({ suites }: Source) =>
    Math.min(
      ...suites.map((suite) => (releases.includes(suite) ? releases.indexOf(suite) : releases.length)),
    );
  return [...usable].sort((a, b) => rank(a) - rank(b))[0];
}

function isRelease(suite: string): boolean {
  return /^(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/.test(suite);
}

/** The one-line entry for `release` at `mirror`. */
export function sourceLine(mirror: Mirror, release: string): string {
  const options = mirror.options.length > 0 ? `[${mirror.options.join(" ")}] ` : "";
  return `deb ${options}${mirror.uri} ${release} main`;
}
