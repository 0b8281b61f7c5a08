import { z } from "zod";

/** An environment variable with several values that are separated by commas; none unless set. */
export function commaList<Entry extends z.ZodType<string, string>>(entry: Entry) {
  return z
    .string()
    .transform((text) => text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()])))
    .pipe(z.array(entry))
    .prefault("");
}
