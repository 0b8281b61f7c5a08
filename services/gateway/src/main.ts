import { runService } from "@ai-orchestra/service-kit";
import { checkConfig, envSchema } from "./config.js";
import { compose } from "./container.js";

await runService({ name: "gateway", version: "0.1.0", env: envSchema, check: checkConfig, compose });
