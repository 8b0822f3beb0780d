/** What the benchmark of `vz trace` runs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DIRECTORIES = 57;
const FILES_EACH = 100;

/** A repository of some 5,700 files, with nothing to tell of. */
function makeRepository(work) {
  const tree = join(work, "tree");
  for (let i = 0; i < DIRECTORIES; i++) {
    const directory = join(tree, `directory-${i}`);
    mkdirSync(directory, { recursive: true });
    for (let k = 0; k < FILES_EACH; k++) writeFileSync(join(directory, `file-${k}`), `${k}\n`);
  }
  const git = (...args) =>
    execFileSync("git", ["-C", tree, "-c", "user.name=bench", "-c", "user.email=bench@localhost", ...args], {
      stdio: "ignore",
    });
  git("init");
  git("add", ".");
  git("commit", "-m", "files");
  return tree;
}

/** @returns {{ name: string, words: string[], limit?: number }[]} `limit`: times the plain run */
export function traceCases(work) {
  const loop = "for (1..6e6) { $x += $_ } print time2str(time())";
  return [
    { name: "perl loop", words: ["perl", "-MHTTP::Date", "-e", loop], limit: 1.1 },
    { name: "python3", words: ["/usr/bin/python3", "-c", "import json, ssl, sqlite3"], limit: 1.3 },
    { name: "300 forks", words: ["bash", "-c", "for ((i = 0; i < 300; i++)); do /bin/true; done"], limit: 3 },
    { name: "git status", words: ["git", "-C", makeRepository(work), "status"] },
    { name: "dd bs=1", words: ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=100000"] },
  ];
}

/** @returns {{ name: string, wordsFor: (calls: number) => string[] }[]} programs that end a while after so many calls */
export function memoryCases() {
  const perl = (body) => (calls) => ["perl", "-e", `for my $i (1..${calls}) { ${body} } sleep 1`];
  return [
    { name: "same names", wordsFor: perl('open F, "<", "/etc/passwd" or die') },
    { name: "not there", wordsFor: perl('open F, "<", "/nowhere/$i" and die') },
    {
      name: "temporary",
      wordsFor: perl('open F, ">", "temporary-$i" or die; close F; unlink "temporary-$i" or die'),
    },
  ];
}
