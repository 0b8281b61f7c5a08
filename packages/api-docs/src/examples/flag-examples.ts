const change = { action: "update", by: "ops", at: "2026-01-15T09:30:00.000Z" };

export const FLAG_DEFINITION_EXAMPLE = {
  key: "new-checkout",
  description: "The new checkout.",
  status: "conditional",
  killSwitch: false,
  constraints: [{ type: "set", attribute: "plan", values: ["pro"], negate: false }],
  segments: [],
  rollout: { strategy: "percentage", percentage: 25 },
  prerequisites: [],
  variants: [],
  tags: [],
  schedule: [],
};

export const FLAG_EXAMPLE = { flag: FLAG_DEFINITION_EXAMPLE, revision: 12, change };

export const FLAG_HISTORY_EXAMPLE = {
  entries: [{ revision: 12, change, before: null, after: FLAG_DEFINITION_EXAMPLE }],
};

const segment = {
  name: "beta-testers",
  constraints: [{ type: "set", attribute: "groups", values: ["beta"], negate: false }],
};

export const SEGMENT_DEFINITION_EXAMPLE = segment;
export const SEGMENT_EXAMPLE = { segment, revision: 3, change: { ...change, action: "create" } };

export const FLAG_REPORT_EXAMPLE = {
  flag: "new-checkout",
  since: "2026-01-15T09:30:00.000Z",
  variants: [
    {
      variant: "on",
      exposures: 240,
      units: 231,
      outcomes: { completed: 236, failed: 3, cancelled: 1 },
      meanLatencyMs: 812.5,
      meanQualityScore: 0.97,
    },
  ],
};

export const OFREP_SUCCESS_EXAMPLE = {
  key: "new-checkout",
  value: true,
  variant: "on",
  reason: "SPLIT",
  metadata: { revision: 12, strategy: "percentage" },
};
