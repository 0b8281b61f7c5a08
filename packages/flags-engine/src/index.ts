export { DEFAULT_FLAGS, type ProductFlag } from "./default-flags.js";
export { evaluate, isFlagOn } from "./evaluate.js";
export { findFlagProblems, findSegmentProblems, type FlagWorld } from "./find-flag-problems.js";
export { FlagSet } from "./flag-set.js";
export { BUCKET_COUNT, bucketOf } from "./hash/bucket.js";
export { murmur3 } from "./hash/murmur3.js";
export { applyStored, createFlagClient, type FlagClient, type FlagClientOptions } from "./client/flag-client.js";
export { openFlagBucket } from "./client/open-flag-bucket.js";
