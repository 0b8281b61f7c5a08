import { type memoryUsageRecord, type memoryUsageReport, PROTOCOLS, USAGE_DAYS } from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { RedisConnection } from "../redis/redis-connection.js";
import { lastDays, usageBatchKey, usageClientsKey, usageDayKey } from "../redis/usage-keys.js";
import { recordUsageScript } from "./record-usage-script.js";

const TTL_MS = (USAGE_DAYS + 1) * 86_400_000;

export type UsageRecord = z.output<typeof memoryUsageRecord.request>;
export type UsageRecordReply = z.output<typeof memoryUsageRecord.response>;
export type UsageReportRequest = z.output<typeof memoryUsageReport.request>;
export type UsageReport = z.output<typeof memoryUsageReport.response>;

/**
 * How much each protocol is used, by day. A day takes 12 KiB a protocol at most, however many clients there are. Both
 * methods throw `unavailable` while Redis cannot be reached.
 */
export class UsageCounts {
  readonly #redis: RedisConnection;

  constructor({ redis }: { redis: RedisConnection }) {
    this.#redis = redis;
  }

  async record({ batchId, at, usage }: UsageRecord): Promise<UsageRecordReply> {
    const counts = usage.flatMap(({ protocol, requests, clients }) => [protocol, requests, clients.length, ...clients]);
    const keys = [usageBatchKey(batchId), usageDayKey(at)];
    const status = await this.#redis.run(recordUsageScript, keys, [TTL_MS, at, ...counts]);
    return { status: status === "duplicate" ? "duplicate" : "counted" };
  }

  async report({ days, at }: UsageReportRequest): Promise<UsageReport> {
    const moments = lastDays(days, at);
    const daily = await Promise.all(
      moments.map((moment) => this.#redis.execute("usage", (client) => client.hgetall(usageDayKey(moment)))),
    );
    const usage = await Promise.all(
      PROTOCOLS.map(async (protocol) => {
        const keys = moments.map((moment) => usageClientsKey(moment, protocol));
        const clients = await this.#redis.execute("usage", (client) => client.pfcount(...keys));
        const requests = daily.reduce((sum, day) => sum + Number(day[protocol] ?? 0), 0);
        const last = Math.max(0, ...daily.map((day) => Number(day[`${protocol}:last`] ?? 0)));
        return { protocol, requests, clients, ...(last === 0 ? {} : { lastUsedAt: last }) };
      }),
    );
    return { usage };
  }
}
