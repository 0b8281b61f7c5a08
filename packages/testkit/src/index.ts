export { startAnthropicUpstream } from "./anthropic-upstream.js";
export { eventually, type EventuallyOptions } from "./eventually.js";
export type { RecordedRequest } from "./recorded-request.js";
export type { Upstream, UpstreamOptions } from "./recording-server.js";
export { startTraceCollector, type CollectedSpan, type TraceCollector } from "./trace-collector.js";
export { startUpstream } from "./upstream.js";
export {
  makeTokens,
  type ScriptedToolCall,
  type StreamEnding,
  type UpstreamBehaviour,
  type UpstreamScript,
} from "./upstream-script.js";
