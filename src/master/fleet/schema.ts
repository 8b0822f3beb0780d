/** The shape of `fleet.yaml`, for valibot: every object is closed, so an unknown key is an error at any level. */
import * as v from "valibot";
import { isName } from "../../common/contract/names.ts";
import { isVolume } from "../../common/contract/volume.ts";
import { parseSize } from "./sizes.ts";

/** A container is SERVICE-N and its name, like every other, has at most 63 characters. */
const MAX_SERVICE = 57;

const notAName =
  "not a name: letters, digits, '_', '.' and '-', at most 63, a letter or digit first, no '..'";
const text = v.pipe(v.string("not a text"), v.minLength(1, "empty"));
const name = v.pipe(v.string("not a text"), v.check(isName, notAName));
const port = v.pipe(
  v.number("not a port number"),
  v.integer("not a port number"),
  v.minValue(1, "not a port number: 1 to 65535"),
  v.maxValue(65_535, "not a port number: 1 to 65535"),
);
const size = v.pipe(
  v.union([v.string(), v.number()], "not a size such as 512M"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = typeof dataset.value === "string" ? parseSize(dataset.value) : undefined;
    if (bytes !== undefined) return bytes;
    addIssue({
      message: `${JSON.stringify(dataset.value)} is not a size: a number and K, M or G, as in 512M`,
    });
    return NEVER;
  }),
);
/** Goes to ssh as a word of its own: nothing that ssh or a shell could take for more than an address. */
const address = v.pipe(
  v.string("not a text"),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$|^[0-9A-Fa-f:]+(%[A-Za-z0-9]+)?$/, "not a host name or address"),
);
const user = v.pipe(v.string("not a text"), v.regex(/^[a-z_][a-z0-9_-]{0,31}$/, "not a user name"));
const volume = v.pipe(
  v.string("not a text"),
  v.check(isVolume, "not NAME:/PATH, where NAME is a name and PATH has no '..'"),
);
const variable = v.union(
  [
    v.pipe(
      v.string(),
      v.check((value) => !value.includes("\0"), "holds a NUL"),
    ),
    v.pipe(v.number(), v.safeInteger(), v.transform(String)),
  ],
  "neither a text nor a whole number: put it in quotes",
);
const variableName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not a variable's name"));

const ssh = v.strictObject({
  user: v.optional(user, "root"),
  key: text,
  known_hosts: v.optional(text),
  daily_key: v.optional(text),
});
const host = v.strictObject({
  address,
  port: v.optional(port, 22),
  vendor: name,
  memory: v.optional(size),
});
const image = v.pipe(v.string("not an image or a list of images"), v.minLength(1, "empty"));
const images = v.pipe(v.array(text), v.minLength(1, "an empty list"));
const health = v.strictObject({ tcp: port });
const service = v.pipe(
  v.strictObject({
    image: v.lazy((value) => (Array.isArray(value) ? images : image)),
    replicas: v.optional(
      v.pipe(
        v.number("not a number"),
        v.integer("not a whole number"),
        v.minValue(0, "below 0"),
        v.maxValue(1000, "above 1000"),
      ),
    ),
    hosts: v.optional(v.array(name, "not a list of hosts")),
    spread: v.optional(v.picklist(["vendor"], "the only spread is: vendor"), "vendor"),
    memory: v.optional(size),
    env: v.optional(v.record(variableName, variable, "not a map of variables"), {}),
    volumes: v.optional(v.array(volume, "not a list of volumes"), []),
    restart: v.optional(v.picklist(["always", "never"], "neither always nor never"), "always"),
    health: v.optional(health),
  }),
  v.check(
    (one) => one.hosts === undefined || one.replicas === undefined,
    "hosts and replicas exclude each other",
  ),
);
const serviceName = v.pipe(
  v.string(),
  v.check(isName, notAName),
  v.maxLength(MAX_SERVICE, `longer than ${MAX_SERVICE} characters`),
);

export const fleetSchema = v.strictObject({
  fleet: name,
  ssh,
  hosts: v.record(name, host, "not a map of hosts"),
  services: v.optional(v.record(serviceName, service, "not a map of services"), {}),
});

export type RawFleet = v.InferOutput<typeof fleetSchema>;

/** Keys that stand at a place of the file, for "did you mean". */
export function knownKeys(path: readonly string[]): readonly string[] {
  const [section, , key] = path;
  if (path.length === 1) return Object.keys(fleetSchema.entries);
  if (path.length === 2 && section === "ssh") return Object.keys(ssh.entries);
  if (path.length === 3 && section === "hosts") return Object.keys(host.entries);
  if (path.length === 3 && section === "services") return Object.keys(service.entries);
  if (path.length === 4 && key === "health") return Object.keys(health.entries);
  return [];
}
