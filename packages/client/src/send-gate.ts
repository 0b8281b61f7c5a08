import type { ClientFrame } from "@ai-orchestra/contracts";

/** Lets frames through at once until the server says it is too much, then at the rate it allows. */
export interface SendGate {
  send(frame: ClientFrame): void;
  /** Sends nothing for `holdMs`, from then on at most `perMinute` frames, evenly. */
  slowDown(holdMs: number, perMinute: number): void;
  /** Forgets what waits. */
  stop(): void;
}

/**
 * Twenty refused frames within a minute cost the connection, so a client that is over its rate must wait itself
 * rather than be refused. What waits is bounded: a newer frame of the same type about the same thing replaces it.
 */
export function createSendGate(sendNow: (frame: ClientFrame) => void): SendGate {
  const waiting = new Map<string, ClientFrame>();
  let intervalMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const sendNext = (): void => {
    timer = undefined;
    const [first] = waiting;
    if (first === undefined) return;
    waiting.delete(first[0]);
    sendNow(first[1]);
    timer = setTimeout(sendNext, intervalMs);
  };

  return {
    send(frame) {
      if (intervalMs === 0) return sendNow(frame);
      waiting.set(describeFrame(frame), frame);
      timer ??= setTimeout(sendNext, intervalMs);
    },
    slowDown(holdMs, perMinute) {
      intervalMs = 60_000 / Math.max(1, perMinute);
      clearTimeout(timer);
      timer = setTimeout(sendNext, Math.max(holdMs, intervalMs));
    },
    stop() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}

function describeFrame(frame: ClientFrame): string {
  const id = "turnId" in frame ? frame.turnId : "sessionId" in frame ? frame.sessionId : "";
  return `${frame.type} ${id}`;
}
