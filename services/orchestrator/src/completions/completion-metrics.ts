import type { ErrorCode } from "@ai-orchestra/contracts";
import type { Metrics } from "@ai-orchestra/telemetry";
import type { ModelPrices } from "../models/resolved-model.js";

export interface CompletionMetrics {
  /** One try at one model ended. */
  countTry(model: string, outcome: "ok" | ErrorCode): void;
  countRetry(model: string): void;
  countFallback(from: string, to: string): void;
  observeFirstToken(model: string, durationMs: number): void;
  /** Tokens as the provider counted them, and what they cost where prices are known. */
  countTokens(model: string, usage: { inputTokens: number; outputTokens: number }, prices?: ModelPrices): void;
  setCircuit(model: string, isClosed: boolean): void;
}

const TOKENS_PER_PRICE = 1_000_000;

export function createCompletionMetrics(metrics: Metrics): CompletionMetrics {
  const tries = metrics.counter({
    name: "completion_tries_total",
    help: "Tries at a model, by outcome: ok or an error code.",
    labelNames: ["model", "outcome"],
  });
  const retries = metrics.counter({
    name: "completion_retries_total",
    help: "Tries that repeat a failed one at the same model.",
    labelNames: ["model"],
  });
  const fallbacks = metrics.counter({
    name: "completion_fallbacks_total",
    help: "Completions that went on to another model.",
    labelNames: ["from", "to"],
  });
  const firstTokenSeconds = metrics.histogram({
    name: "completion_first_token_seconds",
    help: "Time from the request to a model to its first token.",
    labelNames: ["model"],
  });
  const tokens = metrics.counter({
    name: "completion_tokens_total",
    help: "Tokens that providers counted.",
    labelNames: ["model", "direction"],
  });
  const cost = metrics.counter({
    name: "completion_cost_total",
    help: "What tokens cost by the prices of the models file, in its currency.",
    labelNames: ["model"],
  });
  const circuitOpen = metrics.gauge({
    name: "completion_circuit_open",
    help: "1 while a model's circuit is open or being probed.",
    labelNames: ["model"],
  });
  return {
    countTry: (model, outcome) => tries.inc({ model, outcome }),
    countRetry: (model) => retries.inc({ model }),
    countFallback: (from, to) => fallbacks.inc({ from, to }),
    observeFirstToken: (model, durationMs) => firstTokenSeconds.observe({ model }, durationMs / 1000),
    countTokens: (model, { inputTokens, outputTokens }, prices) => {
      tokens.inc({ model, direction: "input" }, inputTokens);
      tokens.inc({ model, direction: "output" }, outputTokens);
      if (prices === undefined) return;
      const sum = inputTokens * prices.inputPerMillion + outputTokens * prices.outputPerMillion;
      cost.inc({ model }, sum / TOKENS_PER_PRICE);
    },
    setCircuit: (model, isClosed) => circuitOpen.set({ model }, isClosed ? 0 : 1),
  };
}
