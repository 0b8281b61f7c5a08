import type { Bus, ServedCall } from "@ai-orchestra/bus";
import { orchestratorModelsList } from "@ai-orchestra/contracts";
import type { Component } from "@ai-orchestra/service-kit";
import type { ModelCatalog } from "./model-catalog.js";

/** Keeps the catalog loaded and tells the mesh which models there are. */
export class ModelsService implements Component {
  readonly name = "models";
  readonly #bus: Pick<Bus, "serve">;
  readonly #modelCatalog: ModelCatalog;
  #served: ServedCall | undefined;

  constructor({ bus, modelCatalog }: { bus: Pick<Bus, "serve">; modelCatalog: ModelCatalog }) {
    this.#bus = bus;
    this.#modelCatalog = modelCatalog;
  }

  async start(): Promise<void> {
    await this.#modelCatalog.start();
    this.#served = this.#bus.serve(orchestratorModelsList, () => ({ models: this.#modelCatalog.list() }));
  }

  async stop(): Promise<void> {
    await this.#served?.stop();
    await this.#modelCatalog.stop();
  }
}
