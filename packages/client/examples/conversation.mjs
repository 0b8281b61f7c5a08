// Two turns of one conversation, then its history: node examples/conversation.mjs [url]
import { createClient } from "@ai-orchestra/client";

const [url = "http://127.0.0.1:8080"] = process.argv.slice(2);
const client = createClient({ url, sessionId: `example-${Date.now()}` });

const first = client.chat("My name is Ada.");
await first.text;
await client.chat("What did I say before?").text;

const { items } = await client.sessions.messages(first.sessionId);
for (const { role, text } of items) process.stdout.write(`${role}: ${text}\n`);

await client.sessions.delete(first.sessionId);
client.close();
