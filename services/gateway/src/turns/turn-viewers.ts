import type { Bus } from "@ai-orchestra/bus";
import { LIMITS, type TurnKey } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { CatchUp, CatchUpTrigger } from "./catch-up.js";
import type { ExpireTurn } from "./expire-turn.js";
import type { SessionFeeds } from "./session-feeds.js";
import { TurnViewer, type DeliverFrame, type ViewerEnd } from "./turn-viewer.js";

const TICK_MS = 1_000;
/** A viewer that heard nothing for this long asks. */
const QUIET_TICKS = 5;
/** How long after its deadline a turn may still announce its end by itself. */
const DEADLINE_GRACE_MS = 15_000;

export interface OpenViewerOptions {
  readonly key: TurnKey;
  /** Where the client stands; absent: at the beginning. */
  readonly start?: { readonly attempt: number; readonly position: number } | undefined;
  /** Epoch ms; absent when somebody else submitted the turn. */
  readonly deadlineAt?: number | undefined;
  /** Of the turn, where it is known. */
  readonly traceId?: string | undefined;
  readonly deliver: DeliverFrame;
  readonly onEnd: (end: ViewerEnd) => void;
}

export interface TurnViewersDependencies {
  bus: Bus;
  feeds: SessionFeeds;
  catchUp: CatchUp;
  expire: ExpireTurn;
  clock: Clock;
}

/**
 * Every viewer of this process. One ticker serves them all: it has the quiet ones ask and ends those whose turn is
 * overdue. Connections bound how many viewers there are.
 */
export class TurnViewers {
  readonly name = "turn-viewers";
  readonly #bus: Bus;
  readonly #feeds: SessionFeeds;
  readonly #catchUp: CatchUp;
  readonly #expire: ExpireTurn;
  readonly #clock: Clock;
  readonly #viewers = new Set<TurnViewer>();
  #stop: (() => void) | undefined;

  constructor({ bus, feeds, catchUp, expire, clock }: TurnViewersDependencies) {
    this.#bus = bus;
    this.#feeds = feeds;
    this.#catchUp = catchUp;
    this.#expire = expire;
    this.#clock = clock;
  }

  get size(): number {
    return this.#viewers.size;
  }

  start(): void {
    if (this.#stop !== undefined) return;
    const ticker = this.#clock.setInterval(() => this.#tick(), TICK_MS);
    ticker.unref();
    const unlisten = this.#bus.onStatus((status) => {
      if (status === "connected") this.#askForAll("reconnect");
    });
    this.#stop = () => {
      this.#clock.clearInterval(ticker);
      unlisten();
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Begins to watch a turn. The viewer hears everything published from now on and holds it until it is released. */
  open(options: OpenViewerOptions): TurnViewer {
    const { key, start, deadlineAt, traceId, deliver, onEnd } = options;
    const assumed = deadlineAt === undefined;
    const viewer = new TurnViewer({
      key,
      start,
      deadline: { at: deadlineAt ?? this.#clock.now() + LIMITS.maxTurnTimeoutMs, assumed },
      traceId,
      deliver,
      onGap: (viewer) => void this.ask(viewer, "gap"),
      onEnd: (end, viewer) => {
        unlisten();
        this.#viewers.delete(viewer);
        onEnd(end);
      },
    });
    const unlisten = this.#feeds.listen(key, (broadcast) => viewer.hear(broadcast));
    this.#viewers.add(viewer);
    return viewer;
  }

  /** Whether somebody else watches the viewer's turn through this process. */
  isWatchedByOthers(viewer: TurnViewer): boolean {
    const { owner, sessionId, turnId } = viewer.key;
    for (const other of this.#viewers) {
      const { key } = other;
      if (other !== viewer && key.turnId === turnId && key.sessionId === sessionId && key.owner === owner) return true;
    }
    return false;
  }

  /** Has a viewer catch up. Single flight per viewer; never rejects. */
  ask(viewer: TurnViewer, trigger: CatchUpTrigger): Promise<void> {
    return this.#catchUp(viewer, trigger);
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const viewer of this.#viewers) {
      if (viewer.state !== "live") continue;
      viewer.quietTicks += 1;
      if (viewer.heard && viewer.deadline.assumed) viewer.deadline.at = now + LIMITS.maxTurnTimeoutMs;
      viewer.heard = false;
      if (now > viewer.deadline.at + DEADLINE_GRACE_MS) void this.#expire(viewer);
      else if (viewer.quietTicks >= QUIET_TICKS) void this.ask(viewer, "silence");
    }
  }

  #askForAll(trigger: CatchUpTrigger): void {
    for (const viewer of this.#viewers) if (viewer.state === "live") void this.ask(viewer, trigger);
  }
}
