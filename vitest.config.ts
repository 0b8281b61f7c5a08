import { defineConfig } from "vitest/config";

const conditions = ["@ai-orchestra/source"];

/** Unit tests stand beside their source; end-to-end tests start real processes and mostly wait, two files at a time. */
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
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**", "services/*/src/**"] },
  },
});
