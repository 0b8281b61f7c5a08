import type { Admission, ConnectionAdmission } from "../connections/connection-admission.js";
import type { ConnectionRegistry } from "../connections/connection-registry.js";
import { toErrorFrame } from "./frame-codec.js";
import { refuseSocket } from "./refused-socket.js";
import { negotiateSubprotocol, readReplaces } from "./subprotocols.js";
import { V2Channel, type V2ChannelOptions } from "./v2-channel.js";
import type { WebSocketRoute } from "./websocket-route.js";

const SUBPROTOCOL = "orchestra.v2";

export interface V2RouteOptions extends Omit<V2ChannelOptions, "admitted" | "socket" | "onClosed"> {
  registry: ConnectionRegistry;
  admission: ConnectionAdmission;
  /** The longest a connection stays without traffic before the server probes it. */
  heartbeatMs: number;
  /** What `hello` tells the client it may send. */
  messagesPerMinute: number;
}

/** `GET /ws`: protocol V2. A client that offers no subprotocol speaks V2 too. */
export function createV2Route(options: V2RouteOptions): WebSocketRoute<Admission> {
  const { registry, admission, heartbeatMs, messagesPerMinute, ...channelOptions } = options;
  const { limits, metrics } = channelOptions;
  return {
    pattern: "/ws",
    maxMessageBytes: limits.maxMessageBytes,
    checkRoom: () => admission.checkRoom(),
    accept: async (head) => {
      const offered = negotiateSubprotocol(head.headers.get("sec-websocket-protocol"), SUBPROTOCOL);
      const replaces = offered.replaces ?? readReplaces(head.headers);
      const admitted = await admission.admit(head, { token: offered.token, replaces });
      return { subprotocol: offered.chosen, admission: admitted };
    },
    open: (socket, admitted) => {
      if (admitted.status === "refused") {
        const errorFrame = JSON.stringify(toErrorFrame(admitted.error));
        return refuseSocket({ socket, refusal: admitted, errorFrame, onClosed: (code) => metrics.countClose(code) });
      }
      const channel = new V2Channel({
        ...channelOptions,
        admitted,
        socket,
        onClosed: (channel) => {
          registry.remove(channel);
          admission.release(admitted);
        },
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
          messagesPerMinute,
        },
      });
      return channel;
    },
    abandon: (admitted) => admission.release(admitted),
  };
}
