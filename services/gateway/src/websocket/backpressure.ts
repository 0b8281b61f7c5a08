/** Bytes buffered for one client: where its turns pause, where they go on, where it is closed, where uWebSockets.js drops. */
export interface BackpressureLimits {
  readonly pauseBytes: number;
  readonly resumeBytes: number;
  /** Half of the maximum: above that the close frame would be dropped too. */
  readonly closeBytes: number;
  readonly maxBytes: number;
}

/** `maxBytes` must hold several of the largest frames: turns pause between two frames, never inside one. */
export function resolveBackpressureLimits({ maxBytes }: { maxBytes: number }): BackpressureLimits {
  return {
    pauseBytes: Math.floor(maxBytes / 16),
    resumeBytes: Math.floor(maxBytes / 32),
    closeBytes: Math.floor(maxBytes / 2),
    maxBytes,
  };
}
