import { OrchestraError, type TurnRequest } from "@ai-orchestra/contracts";
import { BreakerReporter, createManualClock, type ManualClock } from "@ai-orchestra/service-kit";
import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { beforeEach, expect, it } from "vitest";
import { TurnDispatch } from "./turn-dispatch.js";

let clock: ManualClock;
let dispatch: TurnDispatch;
let status: "connected" | "reconnecting";
let failWith: OrchestraError | undefined;
let submissions: number;
let breakers: BreakerReporter;

beforeEach(() => {
  clock = createManualClock();
  status = "connected";
  failWith = undefined;
  submissions = 0;
  const bus = {
    get status() {
      return status;
    },
    publish: () => undefined,
  };
  const logger = createLogger({ service: "gateway", instance: "test", level: "silent" });
  const metrics = createMetrics({ service: "gateway", instance: "test" });
  breakers = new BreakerReporter({ bus, clock, logger, metrics, service: "gateway", instance: "gateway-1" });
  const answer = <T>(value: T): Promise<T> =>
    failWith === undefined ? Promise.resolve(value) : Promise.reject(failWith);
  dispatch = new TurnDispatch({
    queue: {
      submit: () => {
        submissions += 1;
        return answer({ sequence: submissions, duplicate: false });
      },
      pending: () => answer({}),
    },
    bus,
    clock,
    breakers,
  });
  dispatch.start();
});

function submit(): Promise<unknown> {
  return dispatch.submit("normal", {} as TurnRequest, { messageId: "m" }).catch((error: unknown) => error);
}

it("refuses at once after three failures, and takes turns again as soon as the queue answers", async () => {
  failWith = new OrchestraError("timeout", "no acknowledgement");
  for (let failure = 0; failure < 3; failure += 1) expect(await submit()).toBe(failWith);
  expect(breakers.breakers()).toEqual({ dispatch: "open" });
  expect(await submit()).toMatchObject({ code: "unavailable", retryable: true, retryAfterMs: 1_000 });
  expect(submissions).toBe(3);
  failWith = undefined;
  await clock.advanceAsync(500);
  expect(breakers.breakers()).toEqual({});
  expect(await submit()).toEqual({ sequence: 4, duplicate: false });
});

it("does not take a full queue for a broken one", async () => {
  failWith = new OrchestraError("overloaded", "full", { retryAfterMs: 1_000 });
  for (let refusal = 0; refusal < 10; refusal += 1) expect(await submit()).toBe(failWith);
  expect(breakers.breakers()).toEqual({});
});

it("leaves a bus that is away alone: it refuses by itself, and is used at once when it is back", async () => {
  status = "reconnecting";
  failWith = new OrchestraError("unavailable", "not connected");
  for (let refusal = 0; refusal < 10; refusal += 1) expect(await submit()).toBe(failWith);
  status = "connected";
  failWith = undefined;
  expect(await submit()).toEqual({ sequence: 11, duplicate: false });
});

it("submits again where the queue was not there for a moment", async () => {
  failWith = new OrchestraError("unavailable", "no responders");
  const submitted = submit();
  await Promise.resolve();
  failWith = undefined;
  await clock.advanceAsync(500);
  expect(await submitted).toEqual({ sequence: 2, duplicate: false });
});
