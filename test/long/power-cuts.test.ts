/**
 * Twenty power cuts of a machine of 64 MB, spread over push, load, start and stop. After each the machine boots, its store is whole, what
 * ran before runs or the new version does, and the next `apply` ends right.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { type Lab, startLab } from "../support/lab.ts";
import { assertRecovered, cutDuring, type Moment, master, serves, writeFleet } from "../support/power-cut.ts";
import { httpd, makeImage } from "../support/service-image.ts";

/** Milliseconds after a moment has come: some cuts fall into what follows it. */
const DELAYS = [0, 70, 200, 500, 1200];
const MOMENTS: readonly Moment[] = ["push", "load", "start", "stop"];
/** Bytes of each version that no other has, so that a push and a load take a while. */
const BALLAST = 3_000_000;

let lab: Lab;
let cuts = 0;
let image: string;
/** What the service serves once the fleet is as its file says. */
let page: string;

/** Makes another version of the image. */
async function nextVersion(): Promise<{ image: string; page: string }> {
  const name = `web${++cuts}`;
  const made = await makeImage(lab, name, httpd(8080), { "www/ballast": randomBytes(BALLAST) });
  return { image: made, page: `this is ${name}\n` };
}

before(async () => {
  lab = await startLab(1, { vm: true, mem: 64 });
  assert.equal((await master(lab, "deploy")).status, 0);
  ({ image, page } = await nextVersion());
  writeFleet(lab, image);
  assert.equal((await master(lab, "apply")).status, 0);
  await serves(lab, 1, page);
});
after(() => lab.down());

for (const delay of DELAYS) {
  for (const moment of MOMENTS) {
    test(`a power cut ${delay} ms after ${moment} has begun loses nothing`, async () => {
      if (moment === "stop") {
        await cutDuring(lab, moment, delay, ["stop", "web"]);
        assert.equal((await master(lab, "apply")).status, 0);
        await assertRecovered(lab, page);
        return;
      }
      const last = page;
      const next = await nextVersion();
      ({ page } = next);
      writeFleet(lab, next.image);
      await cutDuring(lab, moment, delay, ["apply"]);
      await assertRecovered(lab, last, page);
      const again = await master(lab, "apply");
      assert.equal(again.status, 0, again.stderr);
      await assertRecovered(lab, page);
    });
  }
}
