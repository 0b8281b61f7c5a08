import { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { ApiChannel, ApiFrame } from "./api-channel.js";
import type { ComponentName } from "./components.js";
import { CLIENT_FRAME_EXAMPLES, SERVER_FRAME_EXAMPLES } from "./examples/turn-examples.js";

const CLIENT_FRAME_SCHEMAS: Record<keyof typeof CLIENT_FRAME_EXAMPLES, ComponentName> = {
  "turn.start": "TurnStart",
  "turn.cancel": "TurnCancel",
  "turn.resume": "TurnResume",
  "session.attach": "SessionAttach",
  "session.detach": "SessionDetach",
  "auth.refresh": "AuthRefresh",
  ping: "Ping",
};

const SERVER_FRAME_SCHEMAS: Record<keyof typeof SERVER_FRAME_EXAMPLES, ComponentName> = {
  hello: "Hello",
  "turn.accepted": "TurnAccepted",
  "turn.started": "TurnStarted",
  "turn.delta": "TurnDelta",
  "turn.status": "TurnStatus",
  "turn.tool": "TurnTool",
  "turn.completed": "TurnCompleted",
  "turn.failed": "TurnFailed",
  "turn.cancelled": "TurnCancelled",
  error: "Error",
  drain: "Drain",
  pong: "Pong",
};

/** Every WebSocket route there is. */
export const API_CHANNELS: readonly ApiChannel[] = [
  {
    id: "v2",
    path: "/ws",
    title: "WebSocket V2",
    description:
      "All frames are JSON text. `hello` comes first. For each turn a client sees `turn.accepted`, then `turn.started` (again with a higher attempt if a server died), then events whose `from` equals the `to` before, without gap or repeat, and exactly one of `turn.completed`, `turn.failed`, `turn.cancelled`. Events may come merged. Unknown fields are ignored, unknown types are refused with an `error` frame.",
    subprotocols: ["orchestra.v2", "bearer.<token>", "replaces.<connectionId>"],
    clientFrames: framesOf(CLIENT_FRAME_SCHEMAS, CLIENT_FRAME_EXAMPLES),
    serverFrames: framesOf(SERVER_FRAME_SCHEMAS, SERVER_FRAME_EXAMPLES),
    closeCodes: Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[],
  },
];

function framesOf<Type extends string>(
  schemas: Readonly<Record<Type, ComponentName>>,
  examples: Readonly<Record<Type, unknown>>,
): ApiFrame[] {
  return (Object.keys(schemas) as Type[]).map((name) => ({ name, schema: schemas[name], example: examples[name] }));
}
