/** What slaves tell of themselves, for tests that need some slave. */
import type { FactsAnswer } from "../../src/common/contract/protocol.ts";
import type { LocalImage } from "../../src/master/fleet/image-choice.ts";

/** An old slave that runs 32-bit Intel programs alone, and all that `more` says otherwise. */
export function sampleFacts(more: Partial<FactsAnswer> = {}): FactsAnswer {
  return {
    hostname: "h",
    kernel: "4.9.0",
    machine: "i686",
    architectures: ["i386"],
    init: "busybox",
    uptime: 1,
    memory: { total: 1, available: 1 },
    disk: { total: 1, available: 1 },
    mountNamespace: true,
    images: [],
    ...more,
  };
}

/** An image that runs there. */
export const sampleImage: LocalImage = {
  file: "/web.tar",
  id: `sha256:${"1".repeat(64)}`,
  name: "web",
  architecture: "i386",
  kernelFloor: "3.2.0",
};
