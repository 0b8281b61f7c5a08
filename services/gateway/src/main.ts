import { runService } from "@ai-orchestra/service-kit";
import { checkConfig, envSchema } from "./config.js";
import { compose } from "./container.js";
import { VERSION } from "./version.js";

await runService({ name: "gateway", version: VERSION, env: envSchema, check: checkConfig, compose });
