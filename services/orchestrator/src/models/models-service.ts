import type { Bus, ServedCall } from "@ai-orchestra/bus";
import { orchestratorModelsList } from "@ai-orchestra/contracts";
import { type Component, ConfigError } from "@ai-orchestra/service-kit";
import type { ModelCatalog } from "./model-catalog.js";
import { ModelsFileError } from "./models-file-error.js";

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

  /** @throws ConfigError when the models file cannot be used */
  async start(): Promise<void> {
    try {
      await this.#modelCatalog.start();
    } catch (error) {
      if (error instanceof ModelsFileError) throw new ConfigError(error.message.split("\n"), error);
      throw error;
    }
    this.#served = this.#bus.serve(orchestratorModelsList, () => ({ models: this.#modelCatalog.list() }));
  }

  async stop(): Promise<void> {
    await this.#served?.stop();
    await this.#modelCatalog.stop();
  }
}
