import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DeviceRules,
  deviceRules,
  exceptionsOf,
  ruleText,
  USUAL_RULES,
} from "../../../../src/slave/runch/cgroup/device-rules.ts";
import type { DeviceRule } from "../../../../src/slave/runch/cgroup/resources.ts";

const denyAll: DeviceRule = { allow: false, access: "rwm" };

function rulesOf(list: readonly DeviceRule[]): DeviceRules {
  const rules = deviceRules(list);
  assert.ok(rules !== null);
  return rules;
}

test("what is said before the last word on everything is of no account", () => {
  const list = [{ allow: true, type: "b", major: 8, access: "rwm" }, denyAll];
  assert.deepEqual(rulesOf(list), { base: "deny", said: true, rules: USUAL_RULES });
  assert.equal(deviceRules([denyAll, { allow: true, access: "rwm" }]), null);
});

test("a type of a with a number or less than all access is a rule for both types", () => {
  const { rules } = rulesOf([denyAll, { allow: true, type: "a", major: 4, access: "r" }]);
  assert.deepEqual(rules.slice(0, 2).map(ruleText), ["b 4:* r", "c 4:* r"]);
});

test("the usual devices are those of runc, behind the bundle's own rules", () => {
  const { rules } = rulesOf([denyAll, { allow: false, type: "c", major: 1, minor: 3, access: "r" }]);
  // devices.list under runc 1.1, without its 10:200 (tun)
  const expected =
    "c *:* m,b *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,c 5:1 rwm,c 5:2 rwm,c 136:* rwm";
  assert.deepEqual(rules.slice(1).map(ruleText), expected.split(","));
});

test("version 1 is given what is left of the exceptions", () => {
  const texts = (list: readonly DeviceRule[]) => {
    const { exceptions, holes } = exceptionsOf({
      ...rulesOf(list),
      rules: rulesOf(list).rules.slice(0, -USUAL_RULES.length),
    });
    return [exceptions.map(ruleText), holes.map(ruleText)];
  };
  const c = (allow: boolean, major: number, minor: number, access: string) => ({
    allow,
    type: "c",
    major,
    minor,
    access,
  });
  assert.deepEqual(texts([denyAll, c(true, 7, 1, "rw"), c(false, 7, 1, "w")]), [["c 7:1 r"], []]);
  assert.deepEqual(texts([denyAll, c(true, 7, 1, "rw"), c(false, 7, -1, "rw")]), [[], []]);
  assert.deepEqual(texts([denyAll, c(true, 7, -1, "rw"), c(false, 7, 1, "m")]), [["c 7:* rw"], []]);
  assert.deepEqual(texts([denyAll, c(true, 7, -1, "rw"), c(false, 7, 1, "w")]), [["c 7:* rw"], ["c 7:1 w"]]);
  assert.deepEqual(texts([denyAll, c(true, -1, 1, "r"), c(false, 7, -1, "r")]), [["c *:1 r"], ["c 7:* r"]]);
  // denials are the exceptions where everything else is allowed
  assert.deepEqual(texts([c(false, 7, 1, "rw"), c(true, 7, 1, "r")]), [["c 7:1 w"], []]);
});
