// Cancels, and tells errors apart by code: node examples/errors.mjs [url]
import { createClient, OrchestraClientError } from "@ai-orchestra/client";

const [url = "http://127.0.0.1:8080"] = process.argv.slice(2);
const client = createClient({ url, acceptTimeoutMs: 10_000 });
client.onState((state) => process.stdout.write(`connection: ${state.status}\n`));

const abort = new AbortController();
const turn = client.chat({ text: "Count to a thousand.", signal: abort.signal });
turn.accepted.then(
  () => abort.abort(),
  () => undefined,
);
await report(turn.text);
await report(client.chat({ text: "Hi", options: { model: "nobody/knows" } }).text);
client.close();

async function report(text) {
  try {
    process.stdout.write(`answered: ${await text}\n`);
  } catch (error) {
    if (!(error instanceof OrchestraClientError)) throw error;
    process.stdout.write(`${error.code}${error.retryable ? ", worth another try" : ""}\n`);
  }
}
