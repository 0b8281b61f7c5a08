import type { RedisScript } from "../redis/redis-script.js";

/** Deletes a lock if the argument, its holder, still has it. Replies 1 or 0. */
export const releaseLockScript: RedisScript = {
  name: "releaseLock",
  keys: ["lock"],
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
};
