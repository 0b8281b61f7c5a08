/** What of an HTTP request outlives its callback: uWebSockets.js reuses its own object at once. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The client's address, as far as it can be known; see `ClientAddresses`. */
  readonly address: string;
}
