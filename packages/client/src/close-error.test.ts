import { CLOSE_CODES, isRetryableCloseCode } from "@ai-orchestra/contracts";
import { describe, expect, it } from "vitest";
import { toCloseError } from "./close-error.js";

describe("toCloseError", () => {
  it.each([...Object.values(CLOSE_CODES), 1000, 1006, 1011])("retries after %i as the contracts say", (closeCode) => {
    expect(toCloseError(closeCode)).toMatchObject({ closeCode, retryable: isRetryableCloseCode(closeCode) });
  });
});
