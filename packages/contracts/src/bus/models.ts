import { z } from "zod";
import { defineCall } from "./call-contract.js";

/** The models an orchestrator can run, the default first. */
export const orchestratorModelsList = defineCall({
  subject: "orchestrator.models.list",
  request: z.object({}),
  response: z.object({ models: z.array(z.object({ id: z.string(), provider: z.string(), name: z.string() })) }),
  timeoutMs: 1_000,
});
