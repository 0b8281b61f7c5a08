import type { FlagVariant } from "@ai-orchestra/contracts";
import type { UnleashVariant } from "./unleash-schema.js";

/** Unleash counts weights in thousandths. */
const WEIGHT_FACTOR = 10;
/** What Unleash's clients answer where a flag is off. */
const OFF_NAME = "disabled";

/** Variants as a definition has them. Unleash's have no value for "off", so one is added. */
export function fromUnleashVariants(variants: readonly UnleashVariant[]): Record<string, unknown> {
  if (variants.length === 0) return {};
  const read = variants.map((variant) => ({
    name: variant.name,
    value: readPayload(variant),
    weight: variant.weight / WEIGHT_FACTOR,
  }));
  const hasOff = read.some(({ name }) => name === OFF_NAME);
  const offValue = emptyLike(read[0]?.value);
  return {
    variants: hasOff ? read : [...read, { name: OFF_NAME, value: offValue, weight: 0 }],
    offVariant: OFF_NAME,
  };
}

export function toUnleashVariants(variants: readonly FlagVariant[], offVariant: string | undefined): UnleashVariant[] {
  return variants
    .filter(({ name, weight }) => weight > 0 || name !== offVariant)
    .map(({ name, value, weight }) => ({
      name,
      weight: Math.round(weight * WEIGHT_FACTOR),
      weightType: "fix",
      stickiness: "default",
      overrides: [],
      payload: writePayload(value),
    }));
}

/** A payload that cannot be read stays the text that it is; the definition's check then says what does not fit. */
function readPayload({ name, payload }: UnleashVariant): unknown {
  if (payload === null || payload === undefined) return name;
  if (payload.type === "number") return Number(payload.value);
  if (payload.type !== "json") return payload.value;
  try {
    return JSON.parse(payload.value) as unknown;
  } catch {
    return payload.value;
  }
}

function writePayload(value: FlagVariant["value"]): { type: string; value: string } {
  if (typeof value === "string") return { type: "string", value };
  return { type: typeof value === "number" ? "number" : "json", value: JSON.stringify(value) };
}

function emptyLike(value: unknown): unknown {
  if (typeof value === "string") return "";
  if (typeof value === "number") return 0;
  if (typeof value === "boolean") return false;
  return Array.isArray(value) ? [] : {};
}
