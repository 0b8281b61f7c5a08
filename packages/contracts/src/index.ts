export {
  apiKeyListSchema,
  apiKeyRecordSchema,
  apiKeySchema,
  clientIdSchema,
  createApiKeySchema,
  createdApiKeySchema,
  type ApiKey,
  type ApiKeyRecord,
} from "./bus/api-keys.js";
export { defineCall, type CallContract } from "./bus/call-contract.js";
export {
  MAX_CONNECTIONS_PER_CALL,
  memoryConnectionsAcquire,
  memoryConnectionsRelease,
  memoryConnectionsRenew,
  type ClientConnections,
} from "./bus/connections.js";
export {
  flagExposureBatchSchema,
  flagExposureSchema,
  flagOutcomeSchema,
  flagReportSchema,
  flagVariantReportSchema,
  MAX_EXPOSURES_PER_BATCH,
  type FlagExposure,
  type FlagExposureBatch,
  type FlagOutcome,
  type FlagReport,
  type FlagVariantReport,
} from "./bus/flag-exposures.js";
export {
  flagBucketKeys,
  flagChangeSchema,
  flagFormatSchema,
  flagHistoryEntrySchema,
  flagRecordSchema,
  flagsDelete,
  flagsEvaluate,
  flagsExport,
  flagsGet,
  flagsHistory,
  flagsImport,
  flagsList,
  flagsPatch,
  flagsPut,
  flagsReport,
  flagsRollback,
  flagsSegmentDelete,
  flagsSegmentPut,
  segmentRecordSchema,
  storedFlagSchema,
  type FlagChange,
  type FlagFormat,
  type FlagRecord,
  type SegmentRecord,
  type StoredFlag,
} from "./bus/flags.js";
export { heartbeatSchema, type Heartbeat } from "./bus/heartbeat.js";
export {
  memorySessionsDelete,
  memorySessionsGet,
  memorySessionsList,
  memorySessionsMessages,
  memoryTurnBegin,
  memoryTurnCommit,
  memoryTurnRenew,
  type ContextMessage,
} from "./bus/memory.js";
export { orchestratorModelsList } from "./bus/models.js";
export {
  BUCKETS,
  cancelKey,
  CONSUMERS,
  PRIORITIES,
  STREAMS,
  subjects,
  turnMessageId,
  type Priority,
  type TurnKey,
} from "./bus/subjects.js";
export {
  turnControl,
  turnControlReplySchema,
  turnControlRequestSchema,
  turnEventSchema,
  type TurnControlReply,
  type TurnControlRequest,
  type TurnEvent,
} from "./bus/turn-events.js";
export { turnRequestSchema, type TurnRequest } from "./bus/turn-request.js";
export { turnResultSchema, type TurnResult } from "./bus/turn-result.js";
export {
  MAX_CLIENTS_PER_USAGE_BATCH,
  memoryUsageRecord,
  memoryUsageReport,
  PROTOCOLS,
  USAGE_DAYS,
  type Protocol,
} from "./bus/version-usage.js";
export {
  chatRequestV2Schema,
  sessionMessagePageSchema,
  sessionMessageSchema,
  sessionPageSchema,
  sessionSummarySchema,
  turnNameSchema,
  type ChatRequestV2,
  type SessionMessage,
  type SessionMessagePage,
  type SessionPage,
  type SessionSummary,
} from "./client/chat-http.js";
export {
  chatMessageSchema,
  toolCallSchema,
  toolDefinitionSchema,
  type ChatMessage,
  type ToolCall,
  type ToolDefinition,
} from "./client/chat-message.js";
export {
  authRefreshFrameSchema,
  clientFrameSchema,
  pingFrameSchema,
  sessionAttachFrameSchema,
  sessionDetachFrameSchema,
  turnCancelFrameSchema,
  turnResumeFrameSchema,
  turnStartFrameSchema,
  type ClientFrame,
  type TurnCancelFrame,
  type TurnResumeFrame,
  type TurnStartFrame,
} from "./client/client-frames.js";
export {
  healthReportSchema,
  probeAnswerSchema,
  type HealthReport,
  type HealthStatus,
  type InstanceHealth,
} from "./client/health-report.js";
export { messagesQuerySchema, sessionsQuerySchema, turnQuerySchema } from "./client/http-queries.js";
export {
  ofrepBulkFailureSchema,
  ofrepBulkSchema,
  ofrepEventSchema,
  ofrepFailureSchema,
  ofrepRequestSchema,
  ofrepSuccessSchema,
  type OfrepBulk,
  type OfrepFailure,
  type OfrepSuccess,
} from "./client/ofrep.js";
export {
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  openAiErrorSchema,
  openAiModelListSchema,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionDelta,
  type ChatCompletionRequest,
  type OpenAiError,
  type OpenAiMessage,
  type OpenAiModel,
} from "./client/openai-chat.js";
export { samplingSchema, type Sampling } from "./client/sampling.js";
export {
  drainFrameSchema,
  errorFrameSchema,
  finishReasonSchema,
  helloFrameSchema,
  pongFrameSchema,
  serverFrameSchema,
  terminalFrameSchema,
  turnAcceptedFrameSchema,
  turnCancelledFrameSchema,
  turnCompletedFrameSchema,
  turnDeltaFrameSchema,
  turnFailedFrameSchema,
  turnMetadataResultSchema,
  turnStartedFrameSchema,
  turnStatusFrameSchema,
  turnToolFrameSchema,
  usageSchema,
  type ErrorFrame,
  type FinishReason,
  type HelloFrame,
  type ServerFrame,
  type TerminalFrame,
  type TurnAcceptedFrame,
  type TurnCancelledFrame,
  type TurnCompletedFrame,
  type TurnDeltaFrame,
  type TurnFailedFrame,
  type TurnResultMetadata,
  type TurnStartedFrame,
  type TurnStatusFrame,
  type TurnToolFrame,
  type Usage,
} from "./client/server-frames.js";
export {
  chatResponseV2Schema,
  snakeChatRequestV2Schema,
  type ChatResponseV2,
  type SnakeChatRequestV2,
} from "./client/snake-chat-v2.js";
export {
  turnInputSchema,
  turnMetadataSchema,
  turnModeSchema,
  turnOptionsSchema,
  type TurnInput,
  type TurnMode,
  type TurnOptions,
} from "./client/turn-options.js";
export {
  chatRequestV1Schema,
  chatResponseV1Schema,
  V1_OLD_NAMES,
  v1ChatTextSchema,
  v1ClientFrameSchema,
  v1ServerFrameSchema,
  type ChatRequestV1,
  type ChatResponseV1,
  type V1ClientFrame,
  type V1ServerFrame,
  type V1StreamToken,
} from "./client/v1.js";
export { CLOSE_CODES, isRetryableCloseCode, type CloseCode } from "./close-codes.js";
export {
  ERROR_CODES,
  errorBodySchema,
  errorCodeSchema,
  errorDetailSchema,
  errorEnvelopeSchema,
  OrchestraError,
  toInvalidRequest,
  type ErrorCode,
  type ErrorDetail,
  type ErrorEnvelope,
  type OrchestraErrorOptions,
} from "./errors.js";
export { flagConstraintSchema, flagConstraintsSchema, type FlagConstraint } from "./flags/flag-constraint.js";
export {
  FLAG_LIMITS,
  flagDefinitionSchema,
  flagKeySchema,
  flagSegmentSchema,
  flagStatusSchema,
  flagVariantSchema,
  scheduledChangeSchema,
  segmentNameSchema,
  type FlagDefinition,
  type FlagDefinitionInput,
  type FlagSegment,
  type FlagStatus,
  type FlagVariant,
  type ScheduledChange,
} from "./flags/flag-definition.js";
export {
  EVALUATION_ERRORS,
  EVALUATION_REASONS,
  evaluationContextSchema,
  flagEvaluationSchema,
  type EvaluationContext,
  type EvaluationErrorCode,
  type EvaluationReason,
  type FlagEvaluation,
} from "./flags/flag-evaluation.js";
export { flagPercentageSchema, flagRolloutSchema, type FlagRollout } from "./flags/flag-rollout.js";
export { ID_PATTERN, idSchema, ownerSchema, type Owner } from "./ids.js";
export { LIMITS } from "./limits.js";
export { SERVICES, type ServiceName } from "./services.js";
