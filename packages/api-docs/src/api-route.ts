import type { ErrorCode } from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { ComponentName } from "./components.js";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export const TAGS = {
  chat: "Turns by request and answer, or as server-sent events.",
  turns: "Watching and cancelling turns that run already.",
  sessions: "What is remembered; a client sees only its own.",
  openai: "The API of OpenAI's clients: point them to this server with the base URL `/v1`.",
  v1: "For clients of the first protocol; new ones use V2.",
  admin: "For operators: the scope `admin` is needed.",
  flags: "Feature flags: `admin` to change them, `flags:read` to evaluate them from any OpenFeature SDK.",
  system: "Probes and these documents; no credentials are needed.",
} as const;

export type Tag = keyof typeof TAGS;

/** A body of one content type: a named schema, or plain text. */
export interface ApiContent {
  readonly type: "application/json" | "text/event-stream" | "text/html";
  /** Of JSON; of each event's `data` in a stream, where several may come. */
  readonly schemas: readonly ComponentName[];
  readonly example?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly description: string;
  readonly contents?: readonly ApiContent[];
  /** By name, what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PathParameter {
  readonly description: string;
  /** `id`: matches `ID_PATTERN`. */
  readonly kind: "id" | "text";
}

/** One route of the gateway, as its documents describe it. */
export interface ApiRoute {
  readonly method: HttpMethod;
  /** As the gateway's router has it: a segment that begins with `:` is a parameter. */
  readonly path: string;
  /** Names the operation in generated clients. */
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** `private`: credentials are needed, and `scope` where one is named. */
  readonly access: "public" | "private";
  readonly scope?: string;
  readonly parameters?: Readonly<Record<string, PathParameter>>;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly schemas: readonly ComponentName[]; readonly example: unknown };
  readonly answers: readonly ApiAnswer[];
  /** Beside those that any route of its kind can answer. */
  readonly errors: readonly ErrorCode[];
  /** Default `ErrorBody`. */
  readonly errorSchema?: ComponentName;
  readonly deprecated?: boolean;
}
