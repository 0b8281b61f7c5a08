import { z } from "zod";
import {
  breakerChangeSchema,
  degradationPinSchema,
  healthDegradationPin,
  healthOverviewSchema,
  systemStateSchema,
} from "../bus/health.js";

/** What `PUT /admin/degradation` takes. */
export const pinDegradationSchema = healthDegradationPin.request
  .omit({ by: true })
  .describe("The level to hold the system at, why, and for how long; without `ttlMs` until it is taken back.");

/** The level in force, as `/admin/degradation` answers it. */
export const degradationAnswerSchema = systemStateSchema.extend({
  since: z.iso.datetime(),
  pinned: degradationPinSchema.extend({ at: z.iso.datetime(), until: z.iso.datetime().nullable() }).nullable(),
});

export type DegradationAnswer = z.infer<typeof degradationAnswerSchema>;

/** `GET /admin/health`: everything the health service knows; its own times are epoch milliseconds. */
export const systemHealthSchema = healthOverviewSchema.extend({ state: degradationAnswerSchema });

/** What `GET /admin/events` sends; the event's name is its `type`. */
export const levelEventSchema = degradationAnswerSchema.extend({ type: z.literal("level") });

/** What was not closed when the stream began has neither `from` nor `at`. */
export const breakerEventSchema = breakerChangeSchema.extend({
  type: z.literal("breaker"),
  from: breakerChangeSchema.shape.from.nullable(),
  at: z.iso.datetime().nullable(),
});

export type SystemEvent = z.infer<typeof levelEventSchema> | z.infer<typeof breakerEventSchema>;
