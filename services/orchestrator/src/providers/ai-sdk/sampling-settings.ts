import type { Sampling } from "@ai-orchestra/contracts";
import { jsonSchema, Output, type streamText } from "ai";

type StreamTextOptions = Parameters<typeof streamText>[0];
type SamplingSettings = Pick<
  StreamTextOptions,
  | "topP"
  | "stopSequences"
  | "seed"
  | "presencePenalty"
  | "frequencyPenalty"
  | "toolChoice"
  | "output"
  | "providerOptions"
>;

/** A client's sampling in the words of the AI SDK; `logitBias` and `verbosity` have none. */
export function toSamplingSettings(sampling: Sampling | undefined): SamplingSettings {
  if (sampling === undefined) return {};
  return {
    topP: sampling.topP,
    stopSequences: sampling.stop,
    seed: sampling.seed,
    presencePenalty: sampling.presencePenalty,
    frequencyPenalty: sampling.frequencyPenalty,
    toolChoice: toToolChoice(sampling.toolChoice),
    output: toOutput(sampling.responseFormat),
    providerOptions: toProviderOptions(sampling),
  };
}

function toToolChoice(choice: Sampling["toolChoice"]): SamplingSettings["toolChoice"] {
  return typeof choice === "object" ? { type: "tool", toolName: choice.function.name } : choice;
}

function toOutput(format: Sampling["responseFormat"]): SamplingSettings["output"] {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return Output.json();
    case "json_schema": {
      const { name, description, schema } = format.json_schema;
      return schema === undefined ? Output.json() : Output.object({ name, description, schema: jsonSchema(schema) });
    }
  }
}

/** Each vendor reads its own entry and leaves the others alone. */
function toProviderOptions({ parallelToolCalls, user }: Sampling): SamplingSettings["providerOptions"] {
  const anthropic = {
    ...(parallelToolCalls === false ? { disableParallelToolUse: true } : {}),
    ...(user === undefined ? {} : { metadata: { userId: user } }),
  };
  return Object.keys(anthropic).length === 0 ? undefined : { anthropic };
}
