import { context, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { OrchestraError, type ErrorEnvelope } from "@ai-orchestra/contracts";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { TakeMessage } from "../connections/message-limit.js";
import type { Authenticate } from "../auth/authenticate.js";
import type { CheckOrigin } from "../auth/origin-check.js";
import { hasScope, type Principal, type Scope } from "../auth/principal.js";
import { errorAnswer, statusLine } from "./http-answers.js";
import type { HttpAnswer, HttpExchange } from "./http-exchange.js";

export type PathParameters = Readonly<Record<string, string>>;

interface RouteBase {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Segments; one that begins with `:` matches any and is a parameter. */
  readonly path: string;
  /** The answer for what the route throws, where its protocol has error bodies of its own. */
  readonly answerError?: (error: ErrorEnvelope, requestId: string) => HttpAnswer;
}

/** A route of known callers: origin and credentials are checked before it is called. */
export interface PrivateRoute extends RouteBase {
  readonly access: "private";
  /** What the caller must be allowed to do; others are answered `forbidden`. */
  readonly scope?: Scope;
  /** `false`: its requests do not count as the client's messages. */
  readonly isMetered?: false;
  handle(exchange: HttpExchange, principal: Principal, parameters: PathParameters): Promise<void> | void;
}

/** A route for everybody, such as a probe. */
export interface PublicRoute extends RouteBase {
  readonly access: "public";
  handle(exchange: HttpExchange): Promise<void> | void;
}

export type HttpRoute = PrivateRoute | PublicRoute;

/** Finds the route of each request, runs it inside the caller's trace, and answers what it throws. */
export function createRouter({
  routes,
  authenticate,
  checkOrigin,
  takeMessage,
  tracer,
  onError,
}: {
  routes: readonly HttpRoute[];
  authenticate: Authenticate;
  checkOrigin: CheckOrigin;
  takeMessage: TakeMessage;
  tracer: Tracer;
  /** Hears of errors that are not the caller's. */
  onError: (error: unknown, requestId: string) => void;
}): (exchange: HttpExchange) => void {
  const compiled = routes.map((route) => ({ route, segments: route.path.split("/") }));

  return (exchange) => {
    dispatch(exchange).catch((thrown: unknown) => answerThrown(exchange, thrown, errorAnswer));
  };

  function answerThrown(exchange: HttpExchange, thrown: unknown, toAnswer: typeof errorAnswer): void {
    const error = OrchestraError.from(thrown);
    if (error.code === "internal") onError(thrown, exchange.requestId);
    exchange.respond(toAnswer(error.toEnvelope(), exchange.requestId));
  }

  async function dispatch(exchange: HttpExchange): Promise<void> {
    const { method, path } = exchange.head;
    const given = path.split("/");
    const matches = compiled.flatMap(({ route, segments }) => {
      const parameters = matchPath(segments, given);
      return parameters === undefined ? [] : [{ route, parameters }];
    });
    const match = matches.find(({ route }) => route.method === method);
    if (match === undefined) {
      if (matches.length === 0) throw new OrchestraError("not_found", "there is nothing at this path");
      answerMethodNotAllowed(
        exchange,
        matches.map(({ route }) => route.method),
      );
      return;
    }
    const { route, parameters } = match;
    try {
      await enter(exchange, route, parameters);
    } catch (thrown) {
      answerThrown(exchange, thrown, route.answerError ?? errorAnswer);
    }
  }

  async function enter(exchange: HttpExchange, route: HttpRoute, parameters: PathParameters): Promise<void> {
    const { headers, address } = exchange.head;
    if (route.access === "public") {
      await route.handle(exchange);
      return;
    }
    checkOrigin({ origin: headers.get("origin"), host: headers.get("host") });
    const apiKey = headers.get("x-api-key");
    const authorization = headers.get("authorization") ?? (apiKey === undefined ? undefined : `Bearer ${apiKey}`);
    const principal = await authenticate({ authorization, subprotocolToken: undefined, address });
    if (route.isMetered !== false) takeMessage(principal);
    if (route.scope !== undefined && !hasScope(principal, route.scope)) {
      throw new OrchestraError("forbidden", `this needs the scope ${route.scope}`);
    }
    await traced(exchange, route, () => route.handle(exchange, principal, parameters));
  }

  async function traced(
    { head }: HttpExchange,
    { method, path }: HttpRoute,
    handle: () => Promise<void> | void,
  ): Promise<void> {
    const parent = extractTraceContext(head.headers.get("traceparent"));
    const span = tracer.startSpan(`${method} ${path}`, { kind: SpanKind.SERVER }, parent);
    try {
      await context.with(trace.setSpan(parent, span), handle);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }
}

function matchPath(segments: readonly string[], given: readonly string[]): PathParameters | undefined {
  if (segments.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":")) parameters[segment.slice(1)] = value;
    else if (segment !== value) return undefined;
  }
  return parameters;
}

function answerMethodNotAllowed(exchange: HttpExchange, allowed: readonly string[]): void {
  const error = new OrchestraError("invalid_request", `this path takes ${allowed.join(", ")}`);
  const answer = errorAnswer(error.toEnvelope(), exchange.requestId);
  exchange.respond({ ...answer, status: statusLine(405), headers: { ...answer.headers, allow: allowed.join(", ") } });
}
