import { OrchestraError } from "@ai-orchestra/contracts";
import { isLoopbackHost } from "./loopback.js";

export interface OriginCheckInput {
  /** The `Origin` header; only browsers send one. */
  readonly origin: string | undefined;
  /** The `Host` header. */
  readonly host: string | undefined;
}

/** Throws `forbidden` for a browser page that must not talk to this gateway. */
export type CheckOrigin = (input: OriginCheckInput) => void;

/**
 * Lets a page in when its origin is one of those allowed, or its host name is the one it talks to, whatever the ports;
 * all loopback names are one host. With `loopbackOnly` the host must be a loopback name: a foreign name that a page had
 * resolve to this machine (DNS rebinding) is the same host as its own page, and a gateway without authentication must
 * not take its word.
 */
export function createOriginCheck({
  loopbackOnly,
  allowedOrigins = [],
}: {
  loopbackOnly: boolean;
  /** Such as `https://chat.example`; `*` allows every one. */
  allowedOrigins?: readonly string[];
}): CheckOrigin {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return ({ origin, host }) => {
    if (origin === undefined) return;
    const from = hostNameOf(origin);
    const to = host === undefined ? undefined : hostNameOf(`http://${host}`);
    const toLoopback = to !== undefined && isLoopbackHost(to);
    const listed = allowed.has(origin.toLowerCase()) || allowed.has("*");
    const sameHost = from !== undefined && to !== undefined && from === to;
    const bothLoopback = from !== undefined && isLoopbackHost(from) && toLoopback;
    if (bothLoopback || ((listed || sameHost) && (!loopbackOnly || toLoopback))) return;
    throw new OrchestraError("forbidden", "this origin may not use this server");
  };
}

function hostNameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.toLowerCase();
  } catch {
    return undefined;
  }
}
