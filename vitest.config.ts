import { defineConfig } from "vitest/config";

const conditions = ["@ai-orchestra/source"];

/** Minutes of faults and a thousand clients: `pnpm test:long`. */
const LONG = ["services/gateway/test/mesh/faults-*.test.ts", "services/gateway/test/stuck-clients.test.ts"];

/**
 * Unit tests stand beside their source; end-to-end tests start real processes and mostly wait, two files at a time. The
 * long ones have a command of their own, so that `npm test` stays under ten minutes on two cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: ["packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts", "infra/test/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: "e2e",
          include: ["packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "infra/test/mesh/*.test.ts"],
          exclude: LONG,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: "long",
          include: LONG,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**", "services/*/src/**"] },
  },
});
