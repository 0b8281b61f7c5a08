import type { z } from "zod";

/** A request/reply contract: the subject, what goes in, what comes out. */
export interface CallContract<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly subject: string;
  readonly request: Request;
  readonly response: Response;
  /** How long a caller waits unless it says otherwise. */
  readonly timeoutMs: number;
}

export function defineCall<Request extends z.ZodType, Response extends z.ZodType>(
  contract: CallContract<Request, Response>,
): CallContract<Request, Response> {
  return contract;
}
