import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { recordRequest, type RecordedRequest } from "./recorded-request.js";
import { completeScript, type CompleteScript, type UpstreamBehaviour } from "./upstream-script.js";

export interface UpstreamOptions {
  /** Default 0: any free port. */
  port?: number;
  /** What is answered until `respondWith` says otherwise. */
  behaviour?: UpstreamBehaviour;
  /** Requests that are kept in `requests`, the newest ones; 0 keeps none. Default 10 000. */
  maxRecorded?: number;
  /** What `GET /models` lists. */
  models?: readonly string[];
}

/** A scriptable model endpoint on a loopback port. */
export interface Upstream {
  /** The base URL, ending in `/v1`. */
  readonly url: string;
  /** What was asked, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Sets the behaviour for one model, or for every model that has none of its own. */
  respondWith(behaviour: UpstreamBehaviour, model?: string): void;
  /** Destroys every connection and stops listening. */
  close(): Promise<void>;
}

export interface RecordingServerRoutes {
  /** The path of the request that is recorded and answered by script, for example `/v1/chat/completions`. */
  completionsPath: string;
  answer(request: RecordedRequest, response: ServerResponse, script: CompleteScript): Promise<void>;
  /** The body of `GET /v1/models`. */
  listModels(models: readonly string[]): unknown;
}

/** Starts the HTTP server behind every scriptable upstream. */
export async function startRecordingServer(options: UpstreamOptions, routes: RecordingServerRoutes): Promise<Upstream> {
  const { maxRecorded = 10_000, models = ["test-model"] } = options;
  const requests: RecordedRequest[] = [];
  const byModel = new Map<string, UpstreamBehaviour>();
  let fallback: UpstreamBehaviour = options.behaviour ?? {};

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET" && request.url === "/v1/models") {
      sendJson(response, 200, routes.listModels(models));
      return;
    }
    if (request.method !== "POST" || request.url !== routes.completionsPath) {
      sendJson(response, 404, { error: { message: `no route ${request.method} ${request.url}` } });
      return;
    }
    const body = parseObject(await readText(request));
    if (body === undefined) {
      sendJson(response, 400, { error: { message: "the body is not a JSON object" } });
      return;
    }
    const recorded = recordRequest(request, response, body);
    if (maxRecorded > 0) {
      requests.push(recorded);
      if (requests.length > maxRecorded) requests.shift();
    }
    const behaviour = byModel.get(recorded.model) ?? fallback;
    await routes.answer(
      recorded,
      response,
      completeScript(typeof behaviour === "function" ? behaviour(recorded) : behaviour),
    );
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      response.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    respondWith: (behaviour, model) => {
      if (model === undefined) fallback = behaviour;
      else byModel.set(model, behaviour);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
