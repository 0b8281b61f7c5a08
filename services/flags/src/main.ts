import { runService } from "@ai-orchestra/service-kit";
import { envSchema } from "./config.js";
import { compose } from "./container.js";

await runService({ name: "flags", version: "0.1.0", env: envSchema, compose });
