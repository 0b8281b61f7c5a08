export { connectBus, type Bus } from "./bus.js";
export type { BusMessage, BusSubscription } from "./bus-message.js";
export type { BusStatus, StatusListener } from "./connection.js";
export type { StreamStorage } from "./jetstream/ensure-stream.js";
export type { StoredMessage } from "./jetstream/stored-publish.js";
export { openKv, type KvBucket, type KvBucketOptions, type KvEntry } from "./kv/kv-bucket.js";
export type { KvChange, KvWatch, KvWatchHandler } from "./kv/kv-watch.js";
export type { BusLogger, BusOptions, BusTlsOptions } from "./options.js";
export type { EntryHandler, FollowedEntry } from "./result-store/entry-runner.js";
export type { Following, FollowProgress } from "./result-store/following.js";
export {
  openResultStore,
  type FollowOptions,
  type PutOutcome,
  type ResultStore,
  type ResultStoreOptions,
  type StoredResult,
} from "./result-store/result-store.js";
export type { CallOptions } from "./rpc/caller.js";
export type { CallContext } from "./rpc/incoming-call.js";
export { NO_REPLY, type CallHandler, type ServedCall, type ServeOptions } from "./rpc/serve.js";
export { discoverServices, type DiscoveredInstance } from "./service-discovery.js";
export { registerService, type ServiceRegistration, type ServiceRegistrationOptions } from "./service-registry.js";
export {
  openApiKeys,
  openCancels,
  openSystem,
  openTurnQueue,
  openTurnResults,
  type SystemBucket,
  type TopologyOptions,
  type TurnCancel,
} from "./topology.js";
export type { Consumption } from "./work-queue/consumption.js";
export type { Job } from "./work-queue/job.js";
export type { JobHandler } from "./work-queue/job-runner.js";
export { openWorkQueue, type SubmitOptions, type WorkQueue, type WorkQueueOptions } from "./work-queue/work-queue.js";
