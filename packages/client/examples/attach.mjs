// Two devices see one conversation: node examples/attach.mjs [url]
import { createClient } from "@ai-orchestra/client";

const [url = "http://127.0.0.1:8080"] = process.argv.slice(2);
const sessionId = `example-${Date.now()}`;
const phone = createClient({ url });
const laptop = createClient({ url });

const seen = new Promise((resolve) => {
  laptop.attach(sessionId, (frame) => {
    if (frame.type === "turn.delta") process.stdout.write(frame.text);
    if (frame.type === "turn.completed") resolve();
  });
});
await laptop.connect();
phone.chat({ text: "Hello from the phone.", sessionId });
await seen;

process.stdout.write("\n");
phone.close();
laptop.close();
