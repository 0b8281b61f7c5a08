import type { ContextMessage, EvaluationContext, TerminalFrame, TurnMode, TurnRequest } from "@ai-orchestra/contracts";
import type { FlagClient, ProductFlag } from "@ai-orchestra/flags-engine";

/** The flag behind each feature. The names of features are those that degradation levels switch off. */
const FLAGS = {
  swarm_intelligence: "swarm_intelligence",
  memory_integration: "advanced_memory",
  real_time_streaming: "websocket_streaming",
  ai_optimization: "ai_optimization",
  enhanced_metrics: "enhanced_metrics",
  circuit_breakers: "circuit_breakers",
} as const satisfies Record<string, ProductFlag>;

export type Feature = keyof typeof FLAGS;

/** The only mode while `ai_optimization` is off. */
const PLAIN_MODE: TurnMode = "balanced";

export interface FeatureGatesOptions {
  readonly flagClient: Pick<FlagClient, "evaluate" | "recordOutcome">;
  /** Whether the degradation level in force switches a feature off. */
  readonly isOffByLevel: (feature: string) => boolean;
  /** Where this process runs: canaries ask for it. */
  readonly region: string | undefined;
  readonly server: string;
}

/** A turn with what its gates left of it. */
export interface GatedTurn {
  readonly request: TurnRequest;
  readonly context: ContextMessage[];
  /** Whether text is told while it is made; otherwise once, at the end. */
  readonly streams: boolean;
  /** What this turn asked for and goes without. */
  readonly off: readonly Feature[];
}

/** Somebody was given a variant by chance. */
interface Assignment {
  readonly flag: string;
  readonly variant: string;
}

/** The one place where features of the product are switched on and off, by their flags and by the degradation level. */
export class FeatureGates {
  readonly #options: FeatureGatesOptions;

  constructor(options: FeatureGatesOptions) {
    this.#options = options;
  }

  /** The gates of one turn: each flag is asked once, so that a turn does not change its mind. */
  open(request: TurnRequest): TurnGates {
    const { region, server } = this.#options;
    const { owner, sessionId, options, audience } = request;
    const context: EvaluationContext = {
      targetingKey: owner,
      sessionId,
      groups: audience?.groups ?? [],
      tier: audience?.tier,
      model: options.model,
      mode: options.mode,
      region,
      server,
    };
    return new TurnGates({ ...this.#options, context });
  }

  /** Whether a feature of this process as a whole is off; flags that are for a share of the users count as on. */
  isOff(feature: Feature): boolean {
    const { region, server } = this.#options;
    return new TurnGates({ ...this.#options, context: { region, server } }).isOff(feature);
  }
}

/** See `FeatureGates.open`. */
export class TurnGates {
  readonly #options: FeatureGatesOptions & { readonly context: EvaluationContext };
  readonly #isOn = new Map<ProductFlag, boolean>();
  readonly #assignments: Assignment[] = [];

  constructor(options: FeatureGatesOptions & { readonly context: EvaluationContext }) {
    this.#options = options;
  }

  /** By its flag, or by the level as long as `graceful_degradation` is on. */
  isOff(feature: Feature): boolean {
    if (!this.#isFlagOn(FLAGS[feature])) return true;
    return this.#options.isOffByLevel(feature) && this.#isFlagOn("graceful_degradation");
  }

  /** Takes from a turn what is off. Asks only the gates of what the turn wants. */
  apply(request: TurnRequest, context: ContextMessage[]): GatedTurn {
    const { agents, mode, useMemory } = request.options;
    const wants: Readonly<Partial<Record<Feature, boolean>>> = {
      swarm_intelligence: agents.length > 0,
      memory_integration: useMemory && !request.stateless,
      real_time_streaming: true,
      ai_optimization: mode !== "auto" && mode !== PLAIN_MODE,
    };
    const off = (Object.keys(wants) as Feature[]).filter((feature) => wants[feature] === true && this.isOff(feature));
    const has = (feature: Feature): boolean => !off.includes(feature);
    return {
      request: {
        ...request,
        options: {
          ...request.options,
          agents: has("swarm_intelligence") ? agents : [],
          mode: has("ai_optimization") ? mode : PLAIN_MODE,
        },
      },
      context: has("memory_integration") ? context : [],
      streams: has("real_time_streaming"),
      off,
    };
  }

  /** Counts how the turn ended for every variant that it was given by chance. */
  recordEnd(frame: TerminalFrame): void {
    for (const assignment of this.#assignments) {
      this.#options.flagClient.recordOutcome(
        frame.type === "turn.completed"
          ? {
              ...assignment,
              outcome: "completed",
              latencyMs: frame.metadata.latencyMs,
              qualityScore: frame.metadata.qualityScore,
            }
          : { ...assignment, outcome: frame.type === "turn.failed" ? "failed" : "cancelled" },
      );
    }
  }

  /** A flag that cannot be evaluated is on: features do not go away because a flag did. */
  #isFlagOn(flag: ProductFlag): boolean {
    const known = this.#isOn.get(flag);
    if (known !== undefined) return known;
    const { value, variant, reason, errorCode } = this.#options.flagClient.evaluate(flag, this.#options.context);
    const isOn = errorCode !== undefined || value !== false;
    this.#isOn.set(flag, isOn);
    if (reason === "SPLIT" && variant !== undefined) this.#assignments.push({ flag, variant });
    return isOn;
  }
}
