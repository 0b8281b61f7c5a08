import { randomUUID } from "node:crypto";
import { CLOSE_CODES, OrchestraError, type CloseCode } from "@ai-orchestra/contracts";
import type { Authenticate } from "../auth/authenticate.js";
import type { CheckOrigin } from "../auth/origin-check.js";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { RequestHead } from "../http/request-head.js";
import { ConnectionIdentity } from "./connection-identity.js";
import type { ConnectionLeases } from "./connection-leases.js";
import type { CountNewConnection } from "./connection-rate.js";
import type { ConnectionRegistry } from "./connection-registry.js";

/** Lifetimes differ by up to this share, so that connections that came together do not leave together. */
const LIFETIME_JITTER = 0.1;

/** A connection that may be opened. */
export interface AdmittedConnection {
  readonly status: "admitted";
  readonly connectionId: string;
  readonly identity: ConnectionIdentity;
  /** When the client is asked to connect anew, on the monotonic clock; `Infinity`: never. */
  readonly retireAtMs: number;
}

/** A connection that is opened only to say, in its protocol, why it is closed: browsers see nothing of a refused upgrade. */
export interface RefusedConnection {
  readonly status: "refused";
  readonly error: OrchestraError;
  readonly closeCode: CloseCode;
}

export type Admission = AdmittedConnection | RefusedConnection;

export interface ConnectionAdmissionOptions {
  readonly registry: ConnectionRegistry;
  readonly checkOrigin: CheckOrigin;
  readonly authenticate: Authenticate;
  readonly countNewConnection: CountNewConnection;
  /** Absent where clients are not told apart. */
  readonly leases: ConnectionLeases | undefined;
  /** 0: for ever. */
  readonly maxAgeMs: number;
  readonly metrics: Pick<GatewayMetrics, "countLimit">;
  readonly monotonicMs: () => number;
}

/** Decides which clients may connect, whatever protocol they speak. */
export class ConnectionAdmission {
  readonly #options: ConnectionAdmissionOptions;

  constructor(options: ConnectionAdmissionOptions) {
    this.#options = options;
  }

  /** Throws `overloaded` or `unavailable`, which are answered before the upgrade, when this node takes no more. */
  checkRoom(): void {
    try {
      this.#options.registry.checkRoom();
    } catch (error) {
      this.#options.metrics.countLimit("connections");
      throw error;
    }
  }

  /**
   * Looks at origin, token and limits. Who is admitted has a place until `release`. Rejects when not even an upgrade
   * is due: a foreign page, too many connections at once, a token that cannot be checked at the moment.
   */
  async admit(
    { headers, address }: RequestHead,
    given: { token: string | undefined; replaces: string | undefined },
  ): Promise<Admission> {
    const { checkOrigin, countNewConnection, authenticate, leases, metrics } = this.#options;
    checkOrigin({ origin: headers.get("origin"), host: headers.get("host") });
    countNewConnection();
    try {
      const principal = await authenticate({
        authorization: headers.get("authorization"),
        subprotocolToken: given.token,
        address,
      });
      const connectionId = randomUUID();
      await leases?.acquire({ owner: principal.owner, connectionId, replaces: given.replaces });
      const identity = new ConnectionIdentity({ principal, authenticate, address });
      return { status: "admitted", connectionId, identity, retireAtMs: this.#retireAtMs() };
    } catch (thrown) {
      const error = OrchestraError.from(thrown);
      if (error.code === "connection_limit") metrics.countLimit("client_connections");
      const closeCode = closeCodeFor(error);
      if (closeCode === undefined) throw error;
      return { status: "refused", error, closeCode };
    }
  }

  /** Frees the place of a connection that is closed, or never was opened. */
  release(admission: Admission): void {
    if (admission.status === "admitted") this.#options.leases?.release(admission.connectionId);
  }

  #retireAtMs(): number {
    const { maxAgeMs, monotonicMs } = this.#options;
    return maxAgeMs === 0 ? Infinity : monotonicMs() + maxAgeMs * (1 - Math.random() * LIFETIME_JITTER);
  }
}

function closeCodeFor({ code }: OrchestraError): CloseCode | undefined {
  if (code === "unauthorized") return CLOSE_CODES.badToken;
  return code === "connection_limit" ? CLOSE_CODES.connectionLimit : undefined;
}
