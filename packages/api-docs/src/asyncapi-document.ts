import { CLOSE_CODES, isRetryableCloseCode } from "@ai-orchestra/contracts";
import type { ApiChannel, ApiFrame } from "./api-channel.js";
import { API_CHANNELS } from "./api-channels.js";
import { CLOSE_MEANINGS } from "./code-meanings.js";
import { describeComponents, refTo, type JsonSchema } from "./json-schema.js";
import { SUMMARY, toTemplate } from "./openapi-document.js";

interface Reference {
  $ref: string;
}

export interface AsyncApiMessage {
  name: string;
  title: string;
  summary?: string;
  contentType: "application/json";
  payload: Reference;
  examples: { name: string; payload: unknown }[];
}

export interface CloseCodeFacts {
  code: number;
  name: string;
  retryable: boolean;
  meaning: string;
}

export interface AsyncApiChannel {
  address: string;
  title: string;
  description: string;
  servers: Reference[];
  parameters?: Record<string, { description: string }>;
  messages: Record<string, Reference>;
  bindings: { ws: { method: "GET"; headers: JsonSchema; bindingVersion: "0.1.0" } };
  "x-deprecated"?: boolean;
  "x-subprotocols": string[];
  "x-close-codes": CloseCodeFacts[];
}

export interface AsyncApiOperation {
  /** Seen from the server: it receives what clients send. */
  action: "send" | "receive";
  channel: Reference;
  summary: string;
  messages: Reference[];
}

export interface AsyncApiDocument {
  asyncapi: "3.0.0";
  info: { title: string; version: string; description: string; license: { name: string } };
  defaultContentType: "application/json";
  servers: Record<string, object>;
  channels: Record<string, AsyncApiChannel>;
  operations: Record<string, AsyncApiOperation>;
  components: {
    messages: Record<string, AsyncApiMessage>;
    schemas: Record<string, JsonSchema>;
    securitySchemes: Record<string, object>;
  };
}

/** The WebSocket channels as an AsyncAPI 3.0 document. */
export function createAsyncApiDocument({ version }: { version: string }): AsyncApiDocument {
  const schemas = describeComponents("draft-7");
  const frames = API_CHANNELS.flatMap(({ clientFrames, serverFrames }) => [...clientFrames, ...serverFrames]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "AI Orchestra",
      version,
      description: `${SUMMARY} The HTTP side is in \`/openapi.json\`.`,
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      gateway: {
        host: "{host}",
        protocol: "ws",
        description: "The server that this document came from; `wss` where it is behind TLS.",
        variables: { host: { default: "127.0.0.1:8080", description: "Host and port." } },
        security: [{ $ref: "#/components/securitySchemes/bearer" }],
      },
    },
    channels: Object.fromEntries(API_CHANNELS.map((channel) => [channel.id, describeChannel(channel)])),
    operations: Object.fromEntries(
      API_CHANNELS.flatMap((channel) => [
        [`receive_${channel.id}`, describeOperation(channel, "receive")],
        [`send_${channel.id}`, describeOperation(channel, "send")],
      ]),
    ),
    components: {
      messages: Object.fromEntries(frames.map((frame) => [frame.schema, describeMessage(frame, schemas)])),
      schemas,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A JSON Web Token or an API key in `Authorization`, or, from browsers, the subprotocol entry `bearer.<token>`. A server without authentication listens on loopback only and takes everybody as the client `dev`.",
        },
      },
    },
  };
}

/** What the close codes of the protocol say. */
function describeCloseCodes(names: readonly (keyof typeof CLOSE_CODES)[]): CloseCodeFacts[] {
  return names.map((name) => ({
    code: CLOSE_CODES[name],
    name,
    retryable: isRetryableCloseCode(CLOSE_CODES[name]),
    meaning: CLOSE_MEANINGS[name],
  }));
}

function describeChannel(channel: ApiChannel): AsyncApiChannel {
  const { parameters, clientFrames, serverFrames } = channel;
  return {
    address: toTemplate(channel.path),
    title: channel.title,
    description: channel.description,
    servers: [{ $ref: "#/servers/gateway" }],
    ...(parameters === undefined
      ? {}
      : {
          parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, description]) => [name, { description }]),
          ),
        }),
    messages: Object.fromEntries(
      [...clientFrames, ...serverFrames].map(({ schema }) => [schema, { $ref: `#/components/messages/${schema}` }]),
    ),
    bindings: {
      ws: {
        method: "GET",
        headers: {
          type: "object",
          properties: {
            authorization: { type: "string", description: "`Bearer <token>`." },
            "sec-websocket-protocol": {
              type: "string",
              description: `Any of ${channel.subprotocols.map((entry) => `\`${entry}\``).join(", ")}.`,
            },
          },
        },
        bindingVersion: "0.1.0",
      },
    },
    ...(channel.deprecated === true ? { "x-deprecated": true } : {}),
    "x-subprotocols": [...channel.subprotocols],
    "x-close-codes": describeCloseCodes(channel.closeCodes),
  };
}

function describeOperation(channel: ApiChannel, action: AsyncApiOperation["action"]): AsyncApiOperation {
  const frames = action === "receive" ? channel.clientFrames : channel.serverFrames;
  return {
    action,
    channel: { $ref: `#/channels/${channel.id}` },
    summary: action === "receive" ? "What a client may send." : "What a client has to expect.",
    messages: frames.map(({ schema }) => ({ $ref: `#/channels/${channel.id}/messages/${schema}` })),
  };
}

function describeMessage(
  { name, schema, example }: ApiFrame,
  schemas: Readonly<Record<string, JsonSchema>>,
): AsyncApiMessage {
  const summary = schemas[schema]?.description;
  return {
    name,
    title: name,
    ...(summary === undefined ? {} : { summary }),
    contentType: "application/json",
    payload: refTo(schema),
    examples: [{ name: "example", payload: example }],
  };
}
