import { startUpstream, type Upstream } from "@ai-orchestra/testkit";

/** A model endpoint whose answers are all different, and what it sent to whom. */
export interface UniqueAnswers {
  readonly upstream: Upstream;
  /** Every text sent in answer to a question, oldest first: one for each attempt. */
  sentTo(question: string): readonly string[];
}

export interface UniqueAnswersOptions {
  tokensPerAnswer: (question: string) => number;
  tokenMs: number;
  /** Whether a question is answered with other words each time it is asked; an attempt then takes back the one before. */
  varies: (question: string) => boolean;
}

/** Starts it. What is answered names the question, so that one turn's text cannot pass for another's. */
export async function startUniqueAnswers(options: UniqueAnswersOptions): Promise<UniqueAnswers> {
  const { tokensPerAnswer, tokenMs, varies } = options;
  const sent = new Map<string, string[]>();
  const upstream = await startUpstream({
    maxRecorded: 0,
    behaviour: (request) => {
      const question = String(request.messages.at(-1)?.["content"]);
      const answers = sent.get(question) ?? [];
      sent.set(question, answers);
      const edition = varies(question) ? `${question}.${answers.length}` : question;
      const tokens = Array.from({ length: tokensPerAnswer(question) }, (_, index) => `${edition}:${index} `);
      answers.push(tokens.join(""));
      return { tokens, tokenMs };
    },
  });
  return { upstream, sentTo: (question) => sent.get(question) ?? [] };
}
