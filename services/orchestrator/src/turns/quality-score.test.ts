import { expect, it } from "vitest";
import { computeQualityScore } from "./quality-score.js";

const perfect = { fellBack: false, degraded: false, cached: false, cutOff: false };

it("scores an undisturbed answer 1 and takes off what each trouble costs", () => {
  expect(computeQualityScore(perfect)).toBe(1);
  expect(computeQualityScore({ ...perfect, fellBack: true })).toBe(0.8);
  expect(computeQualityScore({ ...perfect, degraded: true, cached: true })).toBe(0.7);
  expect(computeQualityScore({ fellBack: true, degraded: true, cached: true, cutOff: true })).toBe(0.2);
});
