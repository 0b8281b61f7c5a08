import { describe, expect, it } from "vitest";
import { eventually } from "./eventually.js";

describe("eventually", () => {
  it("returns the value of the first try that does not throw", async () => {
    let tries = 0;
    const value = await eventually(
      () => {
        tries += 1;
        if (tries < 3) throw new Error("not yet");
        return tries;
      },
      { intervalMs: 1 },
    );
    expect(value).toBe(3);
  });

  it("throws the last error when time is up", async () => {
    const failing = eventually(() => Promise.reject(new Error("never")), { timeoutMs: 20, intervalMs: 1 });
    await expect(failing).rejects.toThrow("never");
  });
});
