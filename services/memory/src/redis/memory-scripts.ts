import { applyResultScript } from "../commit-log/apply-result-script.js";
import { acquireConnectionScript } from "../connections/acquire-connection-script.js";
import { renewConnectionsScript } from "../connections/renew-connections-script.js";
import { releaseLockScript } from "../garbage-collector/release-lock-script.js";
import { sweepOwnerScript } from "../garbage-collector/sweep-owner-script.js";
import { deleteSessionScript } from "../sessions/delete-session-script.js";
import { listSessionsScript } from "../sessions/list-sessions-script.js";
import { readMessagesScript } from "../sessions/read-messages-script.js";
import { beginTurnScript } from "../turns/begin-turn-script.js";
import { renewLeaseScript } from "../turns/renew-lease-script.js";
import { recordUsageScript } from "../usage/record-usage-script.js";
import type { RedisScript } from "./redis-script.js";

/** Every script of this service. */
export const MEMORY_SCRIPTS: readonly RedisScript[] = [
  acquireConnectionScript,
  applyResultScript,
  beginTurnScript,
  deleteSessionScript,
  listSessionsScript,
  readMessagesScript,
  recordUsageScript,
  releaseLockScript,
  renewConnectionsScript,
  renewLeaseScript,
  sweepOwnerScript,
];
