import type { ChatProvider } from "../providers/chat-provider.js";

/** How long a completion may wait, in milliseconds. */
export interface ModelTimeouts {
  /** From the request to the first piece of text or tool call. */
  firstTokenMs: number;
  /** Between two events after that. */
  idleMs: number;
  /** From the request to the end; absent means the turn's deadline alone decides. */
  totalMs?: number;
}

/** Money per million tokens, in the currency the operator keeps books in. */
export interface ModelPrices {
  inputPerMillion: number;
  outputPerMillion: number;
}

export interface ModelLimits {
  /** Tokens of context the model can read. */
  contextTokens?: number;
  /** Most tokens it may write; a request for more is cut to this. */
  maxOutputTokens?: number;
}

/** A model that can be asked now, with everything a completion needs to know of it. */
export interface ResolvedModel {
  /** `provider/name`. */
  id: string;
  provider: string;
  name: string;
  /** The name the upstream knows. */
  upstreamName: string;
  chat: ChatProvider;
  /** What breaks together: the upstream's address, or the provider's name where there is none. */
  endpoint: string;
  timeouts: ModelTimeouts;
  limits: ModelLimits;
  prices?: ModelPrices;
  /** Ids to try in this order when this model fails before its first token. */
  fallbacks: readonly string[];
}

export interface ModelSummary {
  id: string;
  provider: string;
  name: string;
}
