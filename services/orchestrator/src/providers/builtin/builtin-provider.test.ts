import { describe, expect, it } from "vitest";
import type { ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { createBuiltinProvider } from "./builtin-provider.js";

const REQUEST: ProviderRequest = { model: "builtin", messages: [{ role: "user", content: "count to 4" }] };

async function collect(request: ProviderRequest, tokenDelayMs = 0): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  const provider = createBuiltinProvider({ tokenDelayMs });
  for await (const event of provider.stream(request, new AbortController().signal)) events.push(event);
  return events;
}

describe("createBuiltinProvider", () => {
  it("streams word by word, then the counts, then the finish reason", async () => {
    expect(await collect(REQUEST)).toEqual([
      { type: "text", text: "1 " },
      { type: "text", text: "2 " },
      { type: "text", text: "3 " },
      { type: "text", text: "4" },
      { type: "usage", inputTokens: 3, outputTokens: 4 },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("gives the same answer at any pace", async () => {
    expect(await collect(REQUEST, 1)).toEqual(await collect(REQUEST));
  });

  it("stops after the words it may use", async () => {
    const events = await collect({ ...REQUEST, maxTokens: 2 });
    expect(events.filter((event) => event.type === "text")).toHaveLength(2);
    expect(events.at(-1)).toEqual({ type: "finish", reason: "length" });
  });

  it("ends its pause when it is cancelled", async () => {
    const controller = new AbortController();
    const provider = createBuiltinProvider({ tokenDelayMs: 60_000 });
    const events = provider.stream(REQUEST, controller.signal)[Symbol.asyncIterator]();
    await events.next();
    const second = events.next();
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
  });
});
