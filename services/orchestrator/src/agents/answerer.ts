import {
  type ChatMessage,
  type ContextMessage,
  LIMITS,
  OrchestraError,
  type Sampling,
  type TurnRequest,
} from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { CompletionRunner } from "../completions/completion-runner.js";
import type { TurnEvents } from "../turns/turn-events.js";
import type { Answer } from "../turns/turn-result.js";
import type { GatedTurn } from "../gates/feature-gates.js";
import { describeAgent, describeEditor } from "./agent-roles.js";
import { HeldText, type VoiceEvents } from "./held-text.js";
import { type AnswerCache } from "../cache/answer-cache.js";
import { createAnswerKey } from "../cache/answer-key.js";
import { type RecallableUtterance, speakOrRecall } from "../cache/speak-or-recall.js";
import type { ModelCatalog } from "../models/model-catalog.js";
import { speak, type Utterance, type VoiceRequest } from "./voice.js";

/** JSON-escaped bytes that one agent's draft may take; all of them together stay below the cap on the answer. */
const MAX_DRAFT_BYTES = LIMITS.maxOutputBytes / LIMITS.maxAgents;

export interface AnswererOptions {
  completions: CompletionRunner;
  turnEvents: TurnEvents;
  clock: Clock;
  maxOutputBytes: number;
  answerCache: AnswerCache;
  modelCatalog: Pick<ModelCatalog, "resolve">;
}

type Draft = Utterance & { agent: string };

/** Produces a turn's answer: one model speaks, or several agents draft in parallel and one model makes the answer. */
export class Answerer {
  readonly #options: AnswererOptions;

  constructor(options: AnswererOptions) {
    this.#options = options;
  }

  /** Rejects with an `OrchestraError` of the provider, or whatever the signal's abort makes of it. */
  async answer(turn: GatedTurn, signal: AbortSignal): Promise<Answer> {
    const { turnEvents } = this.#options;
    if (turn.streams) return this.#answer(turn, signal, turnEvents);
    const heldText = new HeldText(turnEvents);
    try {
      return await this.#answer(turn, signal, heldText);
    } finally {
      heldText.release();
    }
  }

  async #answer({ request, context }: GatedTurn, signal: AbortSignal, turnEvents: VoiceEvents): Promise<Answer> {
    const messages = buildMessages(request, context);
    const { options, deadlineAt } = request;
    const voice: VoiceRequest = {
      messages,
      mode: options.mode,
      model: options.model,
      temperature: options.temperature,
      maxTokens: options.maxTokens,
      sampling: options.sampling,
      tools: options.tools,
      agent: undefined,
      maxOutputBytes: this.#options.maxOutputBytes,
      signal,
      deadlineAt,
    };
    const drafts = options.agents.length === 0 ? [] : await this.#draft(options.agents, voice, turnEvents);
    const answer =
      drafts.length === 0
        ? await this.#speakOrRecall(request, voice, turnEvents)
        : await this.#speakAnew(
            { ...voice, messages: [systemMessage(describeEditor(drafts)), ...messages] },
            turnEvents,
          );
    const spoken = [...drafts, answer];
    return {
      model: answer.model,
      fallbacks: [...new Set(spoken.flatMap(({ fallbacks }) => fallbacks))],
      agents: drafts.map(({ agent }) => agent),
      usage: {
        inputTokens: spoken.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
        outputTokens: spoken.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
        estimated: spoken.some(({ estimated }) => estimated),
      },
      finishReason: answer.finishReason,
      toolCalls: answer.toolCalls,
      cached: answer.cached,
      firstTokenAt: answer.firstTokenAt,
    };
  }

  async #speakOrRecall(
    { options, owner }: TurnRequest,
    voice: VoiceRequest,
    turnEvents: VoiceEvents,
  ): Promise<RecallableUtterance> {
    const { answerCache, modelCatalog } = this.#options;
    if (options.cache === "off") return this.#speakAnew(voice, turnEvents);
    const key = createAnswerKey(owner, modelCatalog.resolve(voice.model, voice.mode).id, voice);
    return speakOrRecall(
      voice,
      { ...this.#options, turnEvents },
      { cache: answerCache, key, use: options.cache ?? "fallback" },
    );
  }

  async #speakAnew(voice: VoiceRequest, turnEvents: VoiceEvents): Promise<RecallableUtterance> {
    return { ...(await speak(voice, { ...this.#options, turnEvents })), cached: false };
  }

  /** An agent that fails is left out and said so; when all fail the turn fails with the last one's error. */
  async #draft(agents: string[], voice: VoiceRequest, turnEvents: VoiceEvents): Promise<Draft[]> {
    const settled = await Promise.allSettled(
      agents.map(async (agent): Promise<Draft> => {
        turnEvents.status({ stage: "agent.started", agent });
        const messages = [systemMessage(describeAgent(agent)), ...voice.messages];
        try {
          const draft = await speak(
            {
              ...voice,
              messages,
              agent,
              tools: undefined,
              sampling: samplingOfDraft(voice.sampling),
              maxOutputBytes: MAX_DRAFT_BYTES,
            },
            { ...this.#options, turnEvents },
          );
          turnEvents.status({ stage: "agent.finished", agent });
          return { ...draft, agent };
        } catch (error) {
          if (!voice.signal.aborted) {
            turnEvents.status({ stage: "agent.failed", detail: OrchestraError.from(error).code, agent });
          }
          throw error;
        }
      }),
    );
    voice.signal.throwIfAborted();
    const drafts = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failure = settled.findLast((outcome) => outcome.status === "rejected");
    if (drafts.length === 0 && failure !== undefined) throw failure.reason;
    return drafts;
  }
}

/** A draft is notes for a colleague: what shapes the answer itself is not for it. */
function samplingOfDraft(sampling: Sampling | undefined): Sampling | undefined {
  if (sampling === undefined) return undefined;
  const { stop: _stop, responseFormat: _format, toolChoice: _choice, parallelToolCalls: _parallel, ...rest } = sampling;
  return rest;
}

function systemMessage(content: string): ChatMessage {
  return { role: "system", content };
}

function buildMessages({ input }: TurnRequest, context: ContextMessage[]): ChatMessage[] {
  if ("messages" in input) return input.messages;
  const history = context.map(({ role, text }): ChatMessage => ({ role, content: text }));
  return [...history, { role: "user", content: input.text }];
}
