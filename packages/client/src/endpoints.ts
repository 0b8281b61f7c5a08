import { OrchestraClientError } from "./client-error.js";

/** Where one gateway is reached. */
export interface Endpoint {
  /** `ws:` or `wss:`, ends in `/ws`. */
  readonly socketUrl: string;
  /** `http:` or `https:`, without a slash at the end. */
  readonly httpUrl: string;
}

/** Reads `http`, `https`, `ws` or `wss` URLs of gateways, with or without a path in front of the routes. */
export function parseEndpoints(url: string | readonly string[]): readonly [Endpoint, ...Endpoint[]] {
  const [first, ...others] = (typeof url === "string" ? [url] : url).map(parseEndpoint);
  if (first === undefined) throw new OrchestraClientError("invalid_request", "url must name at least one gateway");
  return [first, ...others];
}

function parseEndpoint(text: string): Endpoint {
  const match = /^(?:http|ws)(s?):\/\/([^?#]+)$/i.exec(text);
  if (match === null) {
    throw new OrchestraClientError("invalid_request", `url must begin with http, https, ws or wss: ${text}`);
  }
  const secure = match[1] === "" ? "" : "s";
  const rest = (match[2] ?? "").replace(/\/+$/, "").replace(/\/ws$/, "");
  return { socketUrl: `ws${secure}://${rest}/ws`, httpUrl: `http${secure}://${rest}` };
}
