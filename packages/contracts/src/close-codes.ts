/** WebSocket close codes of protocol V2. A client retries after 40xx and does not after 45xx. */
export const CLOSE_CODES = {
  draining: 4001,
  slowConsumer: 4002,
  idle: 4003,
  tokenExpired: 4004,
  rateLimited: 4005,
  busUnavailable: 4006,
  connectionLimit: 4007,
  badFrames: 4501,
  badToken: 4502,
  messageTooLarge: 4504,
  forbidden: 4505,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Whether a client may reconnect unchanged after a close with this code; codes below 4000 are network trouble and may. */
export function isRetryableCloseCode(code: number): boolean {
  return code < 4500;
}
