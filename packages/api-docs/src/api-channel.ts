import type { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { ComponentName } from "./components.js";

/** A frame that goes over a channel. */
export interface ApiFrame {
  /** What it is called on the wire. */
  readonly name: string;
  readonly schema: ComponentName;
  readonly example: unknown;
}

/** One WebSocket route of the gateway. */
export interface ApiChannel {
  readonly id: string;
  /** As the gateway's server has it: a segment that begins with `:` is a parameter. */
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** What a client may name in `Sec-WebSocket-Protocol`. */
  readonly subprotocols: readonly string[];
  readonly clientFrames: readonly ApiFrame[];
  readonly serverFrames: readonly ApiFrame[];
  readonly closeCodes: readonly (keyof typeof CLOSE_CODES)[];
  readonly deprecated?: boolean;
}
