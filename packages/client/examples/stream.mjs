// Streams one answer: node examples/stream.mjs [url] [question]
import { createClient } from "@ai-orchestra/client";

const [url = "http://127.0.0.1:8080", question = "What can you do?"] = process.argv.slice(2);
const client = createClient({ url });

const turn = client.chat({
  text: question,
  onRestart: ({ attempt }) => process.stdout.write(`\n-- interrupted, attempt ${attempt} answers anew --\n`),
});
for await (const chunk of turn) process.stdout.write(chunk);

const { metadata, usage } = await turn.completed;
process.stdout.write(`\n${metadata.model}, ${metadata.latencyMs} ms, ${usage.outputTokens} tokens\n`);
client.close();
