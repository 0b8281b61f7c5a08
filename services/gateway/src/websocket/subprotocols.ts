import { ID_PATTERN, OrchestraError } from "@ai-orchestra/contracts";

/** The entries of `Sec-WebSocket-Protocol`, sorted by what they are for. */
export interface OfferedSubprotocols {
  /** The one to answer with; undefined when the client offered none. */
  readonly chosen: string | undefined;
  /** From `bearer.<token>`, for browsers, which cannot set headers. */
  readonly token: string | undefined;
  /** From `replaces.<id>`: the connection that this one follows. */
  readonly replaces: string | undefined;
}

/**
 * Reads what a client offers. Entries with a token or a connection are parameters, not protocols.
 *
 * @throws OrchestraError `invalid_request` when protocols are offered and `supported` is not among them
 */
export function negotiateSubprotocol(header: string | undefined, supported: string): OfferedSubprotocols {
  const entries = (header ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const token = parameterOf(entries, "bearer.");
  const replaces = parameterOf(entries, "replaces.");
  const protocols = entries.filter((entry) => !entry.startsWith("bearer.") && !entry.startsWith("replaces."));
  if (protocols.length > 0 && !protocols.includes(supported)) {
    throw new OrchestraError("invalid_request", `this route speaks the subprotocol ${supported}`);
  }
  return {
    chosen: protocols.length > 0 ? supported : undefined,
    token,
    replaces: replaces !== undefined && ID_PATTERN.test(replaces) ? replaces : undefined,
  };
}

/** The connection that a client follows, where it can set headers. */
export function readReplaces(headers: ReadonlyMap<string, string>): string | undefined {
  const id = headers.get("x-orchestra-connection");
  return id !== undefined && ID_PATTERN.test(id) ? id : undefined;
}

function parameterOf(entries: readonly string[], prefix: string): string | undefined {
  return entries.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
}
