import { Svcm, type Service } from "@nats-io/services";
import type { Bus } from "./bus.js";
import { fromNatsError } from "./errors.js";

export interface ServiceRegistrationOptions {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Subjects that this instance answers with `Bus.serve`; listed in the metadata as `endpoints`. */
  readonly endpoints: readonly string[];
}

/** This process as one instance of a service that `nats micro` and `$SRV.PING|INFO|STATS` show. */
export class ServiceRegistration {
  readonly #bus: Bus;
  readonly #service: Service;
  #stopped: Promise<void> | undefined;

  constructor(bus: Bus, service: Service) {
    this.#bus = bus;
    this.#service = service;
  }

  /** Made by NATS; unique for each registration. */
  get id(): string {
    return this.#service.info().id;
  }

  /** Ends the registration; the calls that are served go on. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const failure = await this.#service.stop();
    if (failure !== null) this.#bus.connection.logger.warn({ err: failure }, "a service registration did not end well");
  }
}

/**
 * Answers the NATS service protocol for this process. Endpoints are announced, not served: the service library would
 * subscribe to them a second time, without deadline, validation or error envelope.
 */
export async function registerService(bus: Bus, options: ServiceRegistrationOptions): Promise<ServiceRegistration> {
  const { name, version, description, endpoints } = options;
  const metadata = { ...options.metadata, endpoints: endpoints.join(",") };
  try {
    return new ServiceRegistration(
      bus,
      await new Svcm(bus.connection.nats).add({ name, version, description, metadata }),
    );
  } catch (error) {
    throw fromNatsError(error, `service ${name}`);
  }
}
