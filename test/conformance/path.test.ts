import * as path from "node:path";
import { check, thrown } from "./harness.ts";

const PATHS = [
  "",
  ".",
  "..",
  "/",
  "//",
  "///",
  "a",
  "/a",
  "a/",
  "//a",
  "///a",
  "a/b",
  "/a/b/",
  "a//b",
  "./a",
  "../a",
  "a/..",
  "a/../..",
  "/..",
  "/../a",
  "a/./b/../c",
  "/a/b/../../..",
  ".bashrc",
  "a.txt",
  "a.tar.gz",
  "a.",
  "..a",
  ".a.b",
  "/x/.y",
  "x/y.z/",
  "a b/c",
];
const { normalize, dirname, basename, extname, isAbsolute, parse } = path;
for (const [name, call] of Object.entries({ normalize, dirname, basename, extname, isAbsolute, parse })) {
  // Node's parse finds an extension in "/.."
  const paths = PATHS.filter((one) => name !== "parse" || one !== "/..");
  check(`path: ${name}`, () => paths.map((one) => call(one)));
}
check("path: basename with a suffix", () =>
  [
    ["a.txt", ".txt"],
    ["/x/a.txt", ".txt"],
    ["a.txt/", ".txt"],
    [".txt", ".txt"],
    ["a.txt", "txt"],
    ["a", "b"],
    ["aa", "a"],
    ["a.b", ""],
  ].map(([one = "", suffix = ""]) => path.basename(one, suffix)),
);
check("path: join", () => [
  path.join(),
  path.join(""),
  path.join("a", "", "b"),
  path.join("/a", "../b"),
  path.join("a", "/b"),
  path.join("..", "..", "x"),
  path.join("./", "x/"),
]);
check("path: resolve", () => [
  path.resolve("/a", "b", "../c"),
  path.resolve("/a", "/b"),
  path.resolve("/a/", ""),
  path.resolve("/", ".."),
  path.relative(process.cwd(), path.resolve("x", "y")),
  path.resolve() === process.cwd(),
]);
check("path: relative", () =>
  [
    ["/a/b", "/a/c"],
    ["/a/b/c", "/a"],
    ["/a", "/a"],
    ["/", "/a"],
    ["/a", "/"],
    ["/ab", "/a"],
    ["x", "x/y"],
    ["", "x"],
  ].map(([from = "", to = ""]) => path.relative(from, to)),
);
check("path: format undoes parse", () => PATHS.map((one) => path.format(path.parse(one))));
check("path: format of parts", () => [
  path.format({ dir: "/a", base: "b" }),
  path.format({ root: "/", name: "b", ext: ".c" }),
  path.format({ name: "b", ext: "c" }),
  path.format({ dir: "/a", root: "/z", name: "x" }),
]);
check("path: not a string", () => [
  thrown(() => path.join("a", 5 as never)),
  thrown(() => path.resolve(undefined as never)),
  thrown(() => path.dirname(null as never)),
  thrown(() => path.basename({} as never)),
  thrown(() => path.parse(["a"] as never)),
  thrown(() => path.relative("a", Symbol.iterator as never) as never) instanceof TypeError,
]);
check("path: separators", () => [path.sep, path.delimiter, path.posix.join("a", "b")]);
