import { expect, it } from "vitest";
import { ResumeRequests } from "./resume-requests.js";

it("asks once for the same place until it is time to ask again, or what was asked is lost", () => {
  const requests = new ResumeRequests();
  expect(requests.take(1, 5, 0)).toBe(true);
  expect(requests.take(1, 5, 1_999)).toBe(false);
  expect(requests.take(1, 6, 1_999)).toBe(true);
  expect(requests.take(1, 6, 3_999)).toBe(true);
  expect(requests.take(1, 6, 4_000)).toBe(false);
  requests.forget();
  expect(requests.wereMade).toBe(false);
  expect(requests.take(1, 6, 4_000)).toBe(true);
});
