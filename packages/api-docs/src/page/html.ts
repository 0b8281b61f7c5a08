const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Of the templates, not of what stands in them. */
const INDENTATION = /\n\s+/g;

/** Text that is markup already. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

/** Markup from a template; whatever is not `Html` is escaped, and undefined is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text.replaceAll(INDENTATION, "\n") + toMarkup(parts[index])).join(""));
}

/** Text in which `code` may stand between backticks. */
export function prose(text: string): Html {
  return new Html(
    text
      .split("`")
      .map((piece, index) => (index % 2 === 0 ? escapeText(piece) : `<code>${escapeText(piece)}</code>`))
      .join(""),
  );
}

/** An id for a place of the page that a link can name. */
export function anchor(...parts: readonly string[]): string {
  return parts
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function toMarkup(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.markup;
  if (typeof part === "object") return part.map(toMarkup).join("");
  return escapeText(String(part));
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
