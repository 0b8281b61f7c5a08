import { createLogger, type Logger } from "@ai-orchestra/telemetry";
import { beforeEach, describe, expect, it } from "vitest";
import type { Component } from "../component.js";
import { createManualClock, type ManualClock } from "../manual-clock.js";
import { ComponentRunner } from "./component-runner.js";

const never = new Promise<never>(() => undefined);

describe("ComponentRunner", () => {
  let clock: ManualClock;
  let events: string[];
  let logged: string[];
  let logger: Logger;

  beforeEach(() => {
    clock = createManualClock(0);
    events = [];
    logged = [];
    const destination = { write: (line: string) => void logged.push(line) };
    logger = createLogger({ service: "memory", instance: "memory-1", destination });
  });

  const component = (name: string, overrides: Partial<Component> = {}): Component => ({
    name,
    start: () => void events.push(`start ${name}`),
    stop: () => void events.push(`stop ${name}`),
    ...overrides,
  });

  const runnerOf = (...components: Component[]): ComponentRunner => new ComponentRunner({ components, logger, clock });

  it("starts in order and stops in reverse", async () => {
    const runner = runnerOf(component("a"), { name: "passive" }, component("b"));
    await runner.start({ deadlineAt: 1000 });
    expect([...runner.statuses.values()]).toEqual(["started", "started", "started"]);
    await runner.stop({ deadlineAt: 1000 });
    expect(events).toEqual(["start a", "start b", "stop b", "stop a"]);
    expect([...runner.statuses.values()]).toEqual(["stopped", "stopped", "stopped"]);
  });

  it("does everything once, however often it is asked", async () => {
    const runner = runnerOf(component("a"));
    await Promise.all([runner.start({ deadlineAt: 1000 }), runner.start({ deadlineAt: 1000 })]);
    await Promise.all([runner.stop({ deadlineAt: 1000 }), runner.stop({ deadlineAt: 1000 })]);
    expect(events).toEqual(["start a", "stop a"]);
  });

  it("names the component that fails to start, starts none after it and stops it with those before it", async () => {
    const cause = new Error("no disk");
    const runner = runnerOf(component("a"), component("b", { start: () => Promise.reject(cause) }), component("c"));
    await expect(runner.start({ deadlineAt: 1000 })).rejects.toMatchObject({
      message: 'component "b" failed to start',
      cause,
    });
    await runner.stop({ deadlineAt: 1000 });
    expect(events).toEqual(["start a", "stop b", "stop a"]);
  });

  it("gives a start up at the deadline", async () => {
    const runner = runnerOf(component("slow", { start: () => never }));
    const started = runner.start({ deadlineAt: 1000 });
    const refused = expect(started).rejects.toThrow('component "slow" did not start in time');
    await clock.advanceAsync(1000);
    await refused;
  });

  it("stops while a component is still starting, and starts no further one", async () => {
    let finishStart = (): void => undefined;
    const starting = new Promise<void>((resolve) => (finishStart = resolve));
    const runner = runnerOf(component("a", { start: () => starting }), component("b"));
    const started = runner.start({ deadlineAt: 1000 });
    await runner.stop({ deadlineAt: 1000 });
    finishStart();
    await started;
    expect(events).toEqual(["stop a"]);
  });

  it("goes on after a component that throws on stop, and logs which one", async () => {
    const failing = component("b", {
      stop: () => {
        throw new Error("stuck door");
      },
    });
    const runner = runnerOf(component("a"), failing);
    await runner.start({ deadlineAt: 1000 });
    await runner.stop({ deadlineAt: 1000 });
    expect(events).toEqual(["start a", "start b", "stop a"]);
    expect(runner.statuses.get("b")).toBe("failed");
    expect(logged.join("")).toContain('"component":"b"');
    expect(logged.join("")).toContain("stuck door");
  });

  it("leaves a hanging component behind in time for the others, which learn their own deadline", async () => {
    const deadlines: number[] = [];
    const noting = (name: string, stop?: () => Promise<void>): Component =>
      component(name, {
        stop: ({ deadlineAt }) => {
          deadlines.push(deadlineAt);
          return stop?.();
        },
      });
    const runner = runnerOf(
      noting("a"),
      noting("b"),
      noting("hanging", () => never),
    );
    await runner.start({ deadlineAt: 1000 });
    const stopped = runner.stop({ deadlineAt: 1000 });
    await clock.advanceAsync(1000);
    await stopped;
    expect(deadlines).toEqual([600, 800, 1000]);
    expect([...runner.statuses]).toEqual([
      ["a", "stopped"],
      ["b", "stopped"],
      ["hanging", "failed"],
    ]);
  });

  it("refuses two components of one name", () => {
    expect(() => runnerOf(component("a"), component("a"))).toThrow('two components are called "a"');
  });
});
