/** Characters of English text a token stands for on average, after OpenAI's rule of thumb. */
const CHARS_PER_TOKEN = 4;

/** A rough count of the tokens in `chars` characters, for upstreams that report no usage; any text is one at least. */
export function estimateTokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
