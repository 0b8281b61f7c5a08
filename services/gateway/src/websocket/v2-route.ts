import { randomUUID } from "node:crypto";
import { LIMITS } from "@ai-orchestra/contracts";
import type { Authenticate } from "../auth/authenticate.js";
import type { CheckOrigin } from "../auth/origin-check.js";
import type { Principal } from "../auth/principal.js";
import type { ConnectionRegistry } from "../connections/connection-registry.js";
import { negotiateSubprotocol } from "./subprotocols.js";
import { V2Channel, type V2ChannelOptions } from "./v2-channel.js";
import type { WebSocketRoute } from "./websocket-route.js";

const SUBPROTOCOL = "orchestra.v2";

export interface V2RouteOptions extends Omit<V2ChannelOptions, "connectionId" | "principal" | "socket" | "onClosed"> {
  registry: ConnectionRegistry;
  authenticate: Authenticate;
  checkOrigin: CheckOrigin;
  /** The longest a connection stays without traffic before the server probes it. */
  heartbeatMs: number;
}

/** `GET /ws`: protocol V2. A client that offers no subprotocol speaks V2 too. */
export function createV2Route(options: V2RouteOptions): WebSocketRoute<Principal> {
  const { registry, authenticate, checkOrigin, heartbeatMs, ...channelOptions } = options;
  const { limits } = channelOptions;
  return {
    pattern: "/ws",
    maxMessageBytes: limits.maxMessageBytes,
    checkRoom: () => registry.checkRoom(),
    accept: async ({ headers }) => {
      checkOrigin({ origin: headers.get("origin"), host: headers.get("host") });
      const offered = negotiateSubprotocol(headers.get("sec-websocket-protocol"), SUBPROTOCOL);
      const principal = await authenticate({
        authorization: headers.get("authorization"),
        subprotocolToken: offered.token,
      });
      return { subprotocol: offered.chosen, admission: principal };
    },
    open: (socket, principal) => {
      const channel = new V2Channel({
        ...channelOptions,
        connectionId: randomUUID(),
        principal,
        socket,
        onClosed: (channel) => registry.remove(channel),
      });
      registry.add(channel);
      channel.send({
        type: "hello",
        connectionId: channel.id,
        protocol: "2",
        heartbeatMs,
        limits: {
          maxMessageBytes: limits.maxMessageBytes,
          maxTurnsInFlight: limits.maxTurnsInFlight,
          messagesPerMinute: LIMITS.messagesPerMinute,
        },
      });
      return channel;
    },
  };
}
