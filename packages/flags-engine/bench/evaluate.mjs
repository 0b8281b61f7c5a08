// Evaluations a second of CPU time on one core: pnpm bench:flags. Each row is the median of five runs; what else the
// machine does costs time, but not CPU time of this process.
import { flagDefinitionSchema } from "@ai-orchestra/contracts";
import { evaluate, FlagSet } from "../dist/index.js";

const RUNS = 5;
const EVALUATIONS = 2_000_000;
const USERS = Array.from({ length: 1_000 }, (_, index) => ({
  targetingKey: `user-${index * 7919}`,
  region: index % 2 === 0 ? "eu" : "us",
  plan: index % 3 === 0 ? "pro" : "free",
  appVersion: `2.${index % 20}.0`,
  email: `user-${index}@example.com`,
  groups: ["staff"],
}));

const half = [
  { name: "a", value: "a", weight: 50 },
  { name: "b", value: "b", weight: 50 },
];
const cases = {
  "enabled for everybody": { status: "enabled" },
  "percentage 50": { status: "conditional", rollout: { strategy: "percentage", percentage: 50 } },
  "allowlist of 1 000, then 10 %": {
    status: "conditional",
    rollout: { strategy: "allowlist", users: USERS.map((user) => `x${user.targetingKey}`), percentage: 10 },
  },
  "gradual, 3 steps": {
    status: "conditional",
    rollout: {
      strategy: "gradual",
      steps: [1, 2, 3].map((day) => ({ at: `2026-01-0${day}T00:00:00Z`, percentage: day * 20 })),
    },
  },
  "two variants, string and set constraint, percentage": {
    status: "conditional",
    rollout: { strategy: "percentage", percentage: 90 },
    variants: half,
    offVariant: "a",
    constraints: [
      { type: "string", attribute: "region", operator: "equals", values: ["eu"] },
      { type: "set", attribute: "plan", values: ["pro", "team"] },
    ],
  },
  "semver constraint": {
    status: "conditional",
    constraints: [{ type: "semver", attribute: "appVersion", operator: "gte", value: "2.10.0" }],
  },
  "regex constraint": {
    status: "conditional",
    constraints: [{ type: "regex", attribute: "email", pattern: "@example\\.com$" }],
  },
  "two prerequisites, percentage": {
    status: "conditional",
    prerequisites: [{ flag: "base-one" }, { flag: "base-two" }],
    rollout: { strategy: "percentage", percentage: 50 },
  },
};

const flagSet = new FlagSet({ now: () => Date.now() });
for (const key of ["base-one", "base-two"]) flagSet.put(flagDefinitionSchema.parse({ key, status: "enabled" }), 1);

for (const [name, definition] of Object.entries(cases)) {
  flagSet.put(flagDefinitionSchema.parse({ key: "checkout", ...definition }), 2);
  const rates = Array.from({ length: RUNS + 1 }, () => measure()).slice(1);
  const median = rates.toSorted((one, other) => one - other)[Math.floor(RUNS / 2)];
  console.log(`${(median / 1e6).toFixed(2).padStart(8)} M/s  ${name}`);
}

function measure() {
  let on = 0;
  const before = process.cpuUsage();
  for (let index = 0; index < EVALUATIONS; index += 1) {
    if (evaluate(flagSet, "checkout", USERS[index % USERS.length]).reason === "SPLIT") on += 1;
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  return on < 0 ? 0 : EVALUATIONS / seconds;
}
