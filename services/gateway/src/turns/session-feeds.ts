import type { Bus, BusSubscription } from "@ai-orchestra/bus";
import { subjects, type Owner } from "@ai-orchestra/contracts";
import { readTurnBroadcast, type TurnBroadcast } from "./turn-broadcast.js";

export type TurnListener = (broadcast: TurnBroadcast) => void;

interface SessionFeed {
  readonly subscription: BusSubscription;
  readonly byTurn: Map<string, Set<TurnListener>>;
  readonly ofSession: Set<TurnListener>;
  /** Listeners of both kinds; at 0 the subscription ends. */
  listeners: number;
}

/**
 * The events of sessions, one bus subscription per session however many listen. A listener hears what is published
 * after `listen` returned. There are as many feeds as sessions with listeners, which connections bound.
 */
export class SessionFeeds {
  readonly #bus: Bus;
  readonly #feeds = new Map<string, SessionFeed>();

  constructor({ bus }: { bus: Bus }) {
    this.#bus = bus;
  }

  /** Sessions that are subscribed to. */
  get size(): number {
    return this.#feeds.size;
  }

  /** Listens to one turn, or to every turn of the session. The function that comes back ends it, once. */
  listen(target: { owner: Owner; sessionId: string; turnId?: string }, listener: TurnListener): () => void {
    const subject = subjects.sessionEvents(target.owner, target.sessionId);
    const feed = this.#feeds.get(subject) ?? this.#open(subject);
    const listeners = target.turnId === undefined ? feed.ofSession : listenersOfTurn(feed, target.turnId);
    listeners.add(listener);
    feed.listeners += 1;
    return () => {
      if (!listeners.delete(listener)) return;
      feed.listeners -= 1;
      if (target.turnId !== undefined && listeners.size === 0) feed.byTurn.delete(target.turnId);
      if (feed.listeners > 0) return;
      feed.subscription.unsubscribe();
      this.#feeds.delete(subject);
    };
  }

  #open(subject: string): SessionFeed {
    const byTurn = new Map<string, Set<TurnListener>>();
    const ofSession = new Set<TurnListener>();
    const subscription = this.#bus.subscribe(subject, (message) => {
      const broadcast = readTurnBroadcast(message);
      // The turn's own viewers first: a session listener must find them there.
      for (const listener of byTurn.get(broadcast.turnId) ?? []) listener(broadcast);
      for (const listener of ofSession) listener(broadcast);
    });
    const feed: SessionFeed = { subscription, byTurn, ofSession, listeners: 0 };
    this.#feeds.set(subject, feed);
    return feed;
  }
}

function listenersOfTurn(feed: SessionFeed, turnId: string): Set<TurnListener> {
  const known = feed.byTurn.get(turnId);
  if (known !== undefined) return known;
  const fresh = new Set<TurnListener>();
  feed.byTurn.set(turnId, fresh);
  return fresh;
}
