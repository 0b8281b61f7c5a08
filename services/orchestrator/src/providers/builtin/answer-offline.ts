import type { ChatMessage } from "@ai-orchestra/contracts";
import { textOfMessage } from "../message-text.js";

interface Conversation {
  /** The user's newest message. */
  question: string;
  /** What the user said before it, oldest first. */
  earlier: string[];
  /** What was answered, oldest first. */
  answers: string[];
}

interface Skill {
  matches: RegExp;
  answer(conversation: Conversation): string;
}

/** Characters of an earlier message that are quoted. */
const QUOTE_CHARS = 300;

const HELP = [
  "I am AI Orchestra's built-in offline model. I am a small program, not a language model: I know only this conversation.",
  "",
  "Ask me things like:",
  "- what did I say before?",
  "- what was my first message?",
  "- what is my name? (tell me first: my name is Ada)",
  "- how many messages have I sent?",
  "- summarise our conversation",
  "- repeat that / repeat after me: some words",
  "- count to 20",
  "",
  "For real answers set OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL, or write a models file (docs/models.md).",
].join("\n");

const SKILLS: readonly Skill[] = [
  { matches: /^\s*(\/?help|what can you do|who are you|what are you)\b/i, answer: () => HELP },
  { matches: /\bmy first (message|question|words?)\b|\bdid i (say|ask|write) first\b/i, answer: answerFirst },
  { matches: /\b(what('s| is| was)|do you (know|remember)|tell me) my name\b|\bwho am i\b/i, answer: answerName },
  { matches: /\bhow many (messages|questions|things|times)\b/i, answer: answerCount },
  { matches: /\bsummar(y|i[sz]e)\b|\beverything i (said|asked|wrote)\b/i, answer: answerSummary },
  { matches: /\b(what|which)\b.*\byou\b.*\b(say|said|answer|answered|reply|replied)\b/i, answer: answerOwnWords },
  {
    matches:
      /\b(what|which)\b.*\bi\b.*\b(say|said|ask|asked|write|wrote|tell|told)\b|\bmy (last|previous) (message|question)\b/i,
    answer: answerBefore,
  },
  { matches: /^\s*(please )?(repeat|say|echo)\b/i, answer: answerRepeat },
  { matches: /\bcount (up )?to (\d{1,6})\b/i, answer: answerCounting },
  { matches: /\bmy name is\b|\bcall me\b/i, answer: answerIntroduction },
  { matches: /^\s*(hi|hello|hey|good (morning|evening|afternoon))\b/i, answer: answerGreeting },
];

/** The built-in model's whole answer to a conversation. The same messages always give the same answer. */
export function answerOffline(messages: readonly ChatMessage[]): string {
  const said = textsOf(messages, "user");
  const question = said.at(-1) ?? "";
  const conversation = { question, earlier: said.slice(0, -1), answers: textsOf(messages, "assistant") };
  const skill = SKILLS.find((candidate) => candidate.matches.test(question));
  return skill === undefined ? answerAnythingElse(conversation) : skill.answer(conversation);
}

function textsOf(messages: readonly ChatMessage[], role: ChatMessage["role"]): string[] {
  return messages.filter((message) => message.role === role).map(textOfMessage);
}

function quote(text: string): string {
  const line = text.trim();
  return `"${line.length > QUOTE_CHARS ? `${line.slice(0, QUOTE_CHARS)}…` : line}"`;
}

function answerFirst({ earlier, question }: Conversation): string {
  const first = earlier[0];
  if (first === undefined) return `This is your first message: ${quote(question)}`;
  return `Your first message that I can see was: ${quote(first)}`;
}

function answerBefore({ earlier }: Conversation): string {
  const last = earlier.at(-1);
  if (last === undefined) return "You have not said anything before this in what I can see of the conversation.";
  if (earlier.length === 1) return `Before this you said: ${quote(last)}`;
  return `Before this you said: ${quote(last)}\nAnd before that: ${quote(earlier.at(-2) ?? "")}`;
}

function answerOwnWords({ answers }: Conversation): string {
  const last = answers.at(-1);
  return last === undefined ? "I have not said anything yet." : `My last answer was: ${quote(last)}`;
}

function answerName({ earlier, question }: Conversation): string {
  const name = findName([...earlier, question]);
  if (name === undefined) return "You have not told me your name. Say: my name is …";
  return `Your name is ${name}: you told me so.`;
}

function answerIntroduction({ question }: Conversation): string {
  const name = findName([question]);
  if (name === undefined) return "I did not catch the name.";
  return `Nice to meet you, ${name}. Ask me later what your name is and I will look it up in our conversation.`;
}

/** The name that was told last. */
function findName(texts: readonly string[]): string | undefined {
  for (const text of texts.toReversed()) {
    const name = /\b(?:my name is|call me)\s+([\p{L}][\p{L}\p{M}'’-]*(?:\s+\p{Lu}[\p{L}\p{M}'’-]*){0,3})/iu.exec(
      text,
    )?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function answerCount({ earlier, answers }: Conversation): string {
  const sent = earlier.length + 1;
  return `You have sent ${plural(sent, "message")}, this one included, and I have answered ${plural(answers.length, "time")}.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function answerSummary({ earlier }: Conversation): string {
  if (earlier.length === 0) return "There is nothing to summarise yet: this is the first message I can see.";
  const shown = earlier.slice(-20);
  const lines = shown.map((text, index) => `${index + 1}. ${quote(text)}`);
  const opening =
    shown.length < earlier.length
      ? `The last ${shown.length} of the ${earlier.length} messages before this one:`
      : `So far you have said, in order:`;
  return [opening, ...lines].join("\n");
}

function answerRepeat({ question, earlier, answers }: Conversation): string {
  const words =
    /^\s*(?:please )?(?:repeat|say|echo)(?: after me)?\s*:?\s*([\s\S]*)$/i.exec(question)?.[1]?.trim() ?? "";
  if (words !== "" && !/^(that|it|this|again)\b/i.test(words)) return words;
  return answers.at(-1) ?? earlier.at(-1) ?? "There is nothing to repeat yet.";
}

function answerCounting({ question }: Conversation): string {
  const end = Math.min(Number(/\bto (\d{1,6})\b/i.exec(question)?.[1] ?? 10), 10_000);
  return Array.from({ length: end }, (_, index) => String(index + 1)).join(" ");
}

function answerGreeting({ earlier }: Conversation): string {
  const name = findName(earlier);
  return `Hello${name === undefined ? "" : `, ${name}`}. I am AI Orchestra's built-in offline model; say "help" to see what I can do.`;
}

function answerAnythingElse({ question, earlier }: Conversation): string {
  const before =
    earlier.length === 0
      ? "It is the first message I can see."
      : `Before it you sent ${plural(earlier.length, "message")}, the last one ${quote(earlier.at(-1) ?? "")}.`;
  return [
    `You said: ${quote(question)}`,
    before,
    'I am the built-in offline model and cannot answer questions about the world. Say "help" to see what I can do.',
  ].join(" ");
}
