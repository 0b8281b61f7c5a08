import { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { ApiChannel, ApiFrame } from "./api-channel.js";
import type { ComponentName } from "./components.js";
import { CLIENT_FRAME_EXAMPLES, SERVER_FRAME_EXAMPLES } from "./examples/turn-examples.js";
import { V1_CLIENT_FRAME_EXAMPLES, V1_SERVER_FRAME_EXAMPLES } from "./examples/v1-examples.js";

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

const [v1Chat, v1Ping, v1BareMessage] = V1_CLIENT_FRAME_EXAMPLES;

const V1_SERVER_FRAME_SCHEMAS: Record<keyof typeof V1_SERVER_FRAME_EXAMPLES, ComponentName> = {
  status: "V1Status",
  stream_token: "V1StreamToken",
  error: "V1Error",
  timeout: "V1Timeout",
  pong: "V1Pong",
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
  {
    id: "v1",
    path: "/ws/chat/:client_id/:session_id",
    title: "WebSocket V1",
    description:
      "For clients of the first protocol. Each chat is answered with `stream_token` frames: `token` for each piece, then one `complete` with the whole text, or `error`. A turn runs with the mode `balanced`, without agents and memory. `correlation_id` is the one of the frame that is answered.",
    deprecated: true,
    parameters: {
      client_id: "The client's own name, 1 to 100 characters; what it owns its token decides.",
      session_id: "The session's name, 1 to 100 characters.",
    },
    subprotocols: ["orchestra.v1", "bearer.<token>", "replaces.<connectionId>"],
    clientFrames: [
      { name: "chat", schema: "V1Chat", example: v1Chat },
      { name: "ping", schema: "V1Ping", example: v1Ping },
      { name: "bare message", schema: "V1BareMessage", example: v1BareMessage },
    ],
    serverFrames: framesOf(V1_SERVER_FRAME_SCHEMAS, V1_SERVER_FRAME_EXAMPLES),
    closeCodes: Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[],
  },
];

function framesOf<Type extends string>(
  schemas: Readonly<Record<Type, ComponentName>>,
  examples: Readonly<Record<Type, unknown>>,
): ApiFrame[] {
  return (Object.keys(schemas) as Type[]).map((name) => ({ name, schema: schemas[name], example: examples[name] }));
}
