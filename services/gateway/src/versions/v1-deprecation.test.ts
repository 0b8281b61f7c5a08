import { describe, expect, it } from "vitest";
import { V1Deprecation } from "./v1-deprecation.js";

function createDeprecation() {
  const warned: string[] = [];
  const clock = { ms: 0 };
  const deprecation = new V1Deprecation({
    deprecatedSince: new Date("2026-01-01"),
    sunset: new Date("2027-12-31"),
    logger: { warn: (fields: { client: string }) => void warned.push(fields.client) } as never,
    monotonicMs: () => clock.ms,
  });
  return { deprecation, warned, clock };
}

describe("V1Deprecation", () => {
  it("says since when and until when in the words of the RFCs", () => {
    expect(createDeprecation().deprecation.headers).toEqual({
      deprecation: "@1767225600",
      sunset: "Fri, 31 Dec 2027 00:00:00 GMT",
      link: '</v2/chat>; rel="successor-version"',
    });
  });

  it("logs each client at most once an hour", () => {
    const { deprecation, warned, clock } = createDeprecation();
    for (const client of ["a", "b", "a", "a"]) deprecation.note(client, "http");
    expect(warned).toEqual(["a", "b"]);
    clock.ms = 3_599_999;
    deprecation.note("a", "websocket");
    expect(warned).toHaveLength(2);
    clock.ms = 3_600_000;
    deprecation.note("a", "websocket");
    expect(warned).toEqual(["a", "b", "a"]);
  });

  it("forgets the client it warned of first when there are very many", () => {
    const { deprecation, warned } = createDeprecation();
    for (let index = 0; index <= 10_000; index += 1) deprecation.note(`c${index}`, "http");
    deprecation.note("c1", "http");
    expect(warned).toHaveLength(10_001);
    deprecation.note("c0", "http");
    expect(warned).toHaveLength(10_002);
  });
});
