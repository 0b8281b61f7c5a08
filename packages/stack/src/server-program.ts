import { findBinary } from "./find-binary.js";
import { StackError } from "./stack-error.js";

export type ServerName = "nats-server" | "redis-server";

/** The executable of a server; rejects with `binary_missing` and what to install. */
export async function resolveProgram(name: ServerName): Promise<string> {
  const path = await findBinary(name);
  if (path !== undefined) return path;
  throw new StackError(
    "binary_missing",
    `${name} was not found; install it, put it on the PATH, or run npm start once`,
  );
}
