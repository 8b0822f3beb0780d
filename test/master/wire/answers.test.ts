import assert from "node:assert/strict";
import { test } from "node:test";
import { factsAnswer, psAnswer, readAnswer } from "../../../src/master/wire/answers.ts";
import { sampleFacts } from "../../support/facts.ts";
import { sampleRow } from "../../support/fleet-sample.ts";

const { architectures: _, ...facts } = sampleFacts();

test("facts tell architectures, those of a slave that tells widths of x86 programs too", () => {
  const read = (more: object) => readAnswer(factsAnswer, JSON.stringify({ ...facts, ...more }));
  assert.deepEqual(read({ architectures: ["arm64"] }), { ...facts, architectures: ["arm64"] });
  assert.deepEqual(read({ elfClasses: [32, 64] }), { ...facts, architectures: ["i386", "amd64"] });
  assert.equal(read({}), undefined);
});

test("an answer that is not what a verb answers is taken for none", () => {
  assert.deepEqual(readAnswer(psAnswer, JSON.stringify([sampleRow])), [sampleRow]);
  for (const wrong of [
    "",
    "[",
    "{}",
    JSON.stringify([{ ...sampleRow, container: "../x" }]),
    '[{"container":"a"}]',
  ]) {
    assert.equal(readAnswer(psAnswer, wrong), undefined, wrong);
  }
});
