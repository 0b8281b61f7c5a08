import { OrchestraError } from "@ai-orchestra/contracts";
import type { Admission, ConnectionAdmission } from "../../connections/connection-admission.js";
import type { ConnectionRegistry } from "../../connections/connection-registry.js";
import type { V1Deprecation } from "../../versions/v1-deprecation.js";
import { refuseSocket } from "../refused-socket.js";
import { negotiateSubprotocol, readReplaces } from "../subprotocols.js";
import type { WebSocketRoute } from "../websocket-route.js";
import { V1Channel, type V1ChannelOptions } from "./v1-channel.js";
import { toV1ErrorFrame } from "./v1-error-frame.js";

const SUBPROTOCOL = "orchestra.v1";
const PATH_PATTERN = /^\/ws\/chat\/([^/]+)\/([^/]+)$/;
const MAX_NAME_CHARS = 100;

export interface V1RouteOptions extends Omit<
  V1ChannelOptions,
  "admitted" | "clientName" | "sessionId" | "socket" | "onClosed"
> {
  registry: ConnectionRegistry;
  admission: ConnectionAdmission;
  deprecation: V1Deprecation;
}

interface V1Names {
  readonly clientName: string;
  readonly sessionId: string;
}

/** `GET /ws/chat/{client_id}/{session_id}`: protocol V1. The names are the client's own; what it owns its token decides. */
export function createV1Route(options: V1RouteOptions): WebSocketRoute<{ admitted: Admission; names: V1Names }> {
  const { registry, admission, deprecation, ...channelOptions } = options;
  const { limits, metrics, now } = channelOptions;
  return {
    pattern: "/ws/chat/:client_id/:session_id",
    maxMessageBytes: limits.maxMessageBytes,
    checkRoom: () => admission.checkRoom(),
    accept: async (head) => {
      const names = readNames(head.path);
      const offered = negotiateSubprotocol(head.headers.get("sec-websocket-protocol"), SUBPROTOCOL);
      const replaces = offered.replaces ?? readReplaces(head.headers);
      const admitted = await admission.admit(head, { token: offered.token, replaces });
      return { subprotocol: offered.chosen, headers: deprecation.headers, admission: { admitted, names } };
    },
    open: (socket, { admitted, names }) => {
      if (admitted.status === "refused") {
        const errorFrame = JSON.stringify({
          ...toV1ErrorFrame(admitted.error),
          timestamp: new Date(now()).toISOString(),
        });
        return refuseSocket({ socket, refusal: admitted, errorFrame, onClosed: (code) => metrics.countClose(code) });
      }
      const { clientName, sessionId } = names;
      deprecation.note(clientName, "websocket");
      const channel = new V1Channel({
        ...channelOptions,
        admitted,
        clientName,
        sessionId,
        socket,
        onClosed: (channel) => {
          registry.remove(channel);
          admission.release(admitted);
        },
      });
      registry.add(channel);
      channel.send({
        type: "status",
        data: {
          status: "connected",
          connection_id: channel.id,
          client_id: clientName,
          session_id: sessionId,
          sunset: deprecation.sunset.toISOString(),
        },
      });
      return channel;
    },
    abandon: ({ admitted }) => admission.release(admitted),
  };
}

function readNames(path: string): V1Names {
  const [, clientName, sessionId] = (PATH_PATTERN.exec(path) ?? []).map(decode);
  if (clientName === undefined || sessionId === undefined) {
    throw new OrchestraError("invalid_request", `names in the path are 1 to ${MAX_NAME_CHARS} characters`);
  }
  return { clientName, sessionId };
}

function decode(segment: string): string | undefined {
  try {
    const name = decodeURIComponent(segment);
    return name.length <= MAX_NAME_CHARS ? name : undefined;
  } catch {
    return undefined;
  }
}
