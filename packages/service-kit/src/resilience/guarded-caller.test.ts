import type { Bus } from "@ai-orchestra/bus";
import { memorySessionsGet, OrchestraError } from "@ai-orchestra/contracts";
import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { beforeEach, expect, it } from "vitest";
import { BreakerReporter } from "../health/breaker-reporter.js";
import { createManualClock, type ManualClock } from "../manual-clock.js";
import { createMemoryCalls } from "./memory-calls.js";
import type { GuardedCaller } from "./guarded-caller.js";

interface Told {
  subject: string;
  payload: unknown;
}

let clock: ManualClock;
let memory: GuardedCaller;
let breakers: BreakerReporter;
let failWith: OrchestraError | undefined;
let status: Bus["status"];
let calls: number;
let told: Told[];

beforeEach(() => {
  clock = createManualClock();
  failWith = undefined;
  status = "connected";
  calls = 0;
  told = [];
  const bus = {
    get status() {
      return status;
    },
    publish: (subject: string, payload: unknown) => void told.push({ subject, payload }),
    call: () => {
      calls += 1;
      return failWith === undefined ? Promise.resolve({ sessionId: "s" }) : Promise.reject(failWith);
    },
  } as unknown as Bus;
  const logger = createLogger({ service: "gateway", instance: "test", level: "silent" });
  const metrics = createMetrics({ service: "gateway", instance: "test" });
  breakers = new BreakerReporter({ bus, clock, logger, metrics, service: "gateway", instance: "gateway-1" });
  memory = createMemoryCalls({ bus, clock, breakers });
  memory.start();
});

function call(): Promise<unknown> {
  return memory.call(memorySessionsGet, { owner: "0".repeat(16), sessionId: "s" }).catch((error: unknown) => error);
}

it("refuses at once after three failures, tells the mesh, and closes within about a second of the first good probe", async () => {
  failWith = new OrchestraError("timeout", "too slow");
  for (let failure = 0; failure < 3; failure += 1) expect(await call()).toBe(failWith);
  expect(await call()).toMatchObject({ code: "unavailable", retryAfterMs: 1_000 });
  expect(calls).toBe(3);
  expect(breakers.breakers()).toEqual({ memory: "open" });
  expect(told).toMatchObject([
    {
      subject: "health.breaker.gateway.gateway-1",
      payload: { breaker: "memory", from: "closed", to: "open", code: "timeout" },
    },
  ]);
  await clock.advanceAsync(3_000);
  expect(breakers.breakers()).toEqual({ memory: "open" });
  failWith = undefined;
  await clock.advanceAsync(1_100);
  expect(breakers.breakers()).toEqual({});
  expect(await call()).toEqual({ sessionId: "s" });
});

it("tries once more where nobody was there, within a budget", async () => {
  failWith = new OrchestraError("unavailable", "no responders");
  const answer = call();
  await Promise.resolve();
  failWith = undefined;
  await clock.advanceAsync(200);
  expect(await answer).toEqual({ sessionId: "s" });
  expect(calls).toBe(2);
});

it("takes an answer it does not like for a sign of life", async () => {
  failWith = new OrchestraError("not_found", "no such session");
  for (let answer = 0; answer < 10; answer += 1) expect(await call()).toBe(failWith);
  expect(breakers.breakers()).toEqual({});
});

it("does not blame memory for a bus that is away", async () => {
  status = "reconnecting";
  failWith = new OrchestraError("timeout", "not connected");
  for (let answer = 0; answer < 10; answer += 1) expect(await call()).toBe(failWith);
  expect(breakers.breakers()).toEqual({});
});

it("leaves no timer behind", async () => {
  failWith = new OrchestraError("timeout", "too slow");
  for (let failure = 0; failure < 3; failure += 1) await call();
  await memory.stop();
  expect(clock.pendingTimers).toBe(0);
});
