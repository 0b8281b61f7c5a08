import { murmur3 } from "./murmur3.js";

/** A percentage counts in steps of 0.001. */
export const BUCKET_COUNT = 100_000;

/**
 * The bucket of a user in a flag, from 0 to 99 999: the same for ever, and independent of the user's bucket in any
 * other flag. A share of p % is the buckets below p * 1 000, so that raising it only adds users.
 */
export function bucketOf(flagKey: string, targetingKey: string): number {
  return murmur3(`${flagKey}:${targetingKey}`) % BUCKET_COUNT;
}

/** Splits those who have a flag over its variants; independent of who has it, so that nobody moves as a share grows. */
export function variantBucketOf(flagKey: string, targetingKey: string): number {
  return murmur3(`${flagKey}:variant:${targetingKey}`) % BUCKET_COUNT;
}

/** The number of buckets that a percentage takes. */
export function toBuckets(percentage: number): number {
  return Math.round((percentage * BUCKET_COUNT) / 100);
}
