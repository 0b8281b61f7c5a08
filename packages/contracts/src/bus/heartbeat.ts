import { z } from "zod";
import { idSchema } from "../ids.js";
import { breakerStateSchema } from "./health.js";

/** Published once a second by every instance on `health.beat.<service>.<instance>`. */
export const heartbeatSchema = z.object({
  service: idSchema,
  instance: idSchema,
  version: z.string(),
  pid: z.int(),
  startedAt: z.number(),
  opsUrl: z.string(),
  state: z.enum(["starting", "ready", "degraded", "draining"]),
  /** What each dependency of the instance looks like from inside it. */
  dependencies: z.record(z.string(), z.enum(["up", "down"])),
  /** Its circuits that are not closed. */
  breakers: z.record(z.string(), breakerStateSchema).optional(),
});

export type Heartbeat = z.infer<typeof heartbeatSchema>;
