import { describe, expect, it } from "vitest";
import type { ProviderRequest } from "../chat-provider.js";
import { createGeneratorProvider } from "./generator-provider.js";

const REQUEST: ProviderRequest = { model: "generator", messages: [] };

describe("createGeneratorProvider", () => {
  it.each([0, 1])("sends the configured number of tokens with %i ms between them", async (tokenDelayMs) => {
    const types: string[] = [];
    const provider = createGeneratorProvider({ tokens: 3, tokenDelayMs });
    for await (const event of provider.stream(REQUEST, new AbortController().signal)) types.push(event.type);
    expect(types).toEqual(["text", "text", "text", "usage", "finish"]);
  });

  it.each([0, 60_000])("stops when it is cancelled with %i ms between tokens", async (tokenDelayMs) => {
    const controller = new AbortController();
    const provider = createGeneratorProvider({ tokens: 1_000_000_000, tokenDelayMs });
    const running = (async () => {
      for await (const event of provider.stream(REQUEST, controller.signal)) expect(event.type).toBe("text");
    })();
    setImmediate(() => controller.abort());
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});
