// HTML that cannot be broken by what is in it: everything that is put into a template is escaped unless it is markup
// itself. Names of classes and files come from other people's data.

/** Markup, already escaped. */
export interface Markup {
  readonly markup: string;
}

/** What a template takes. */
export type Part = Markup | string | number | null | false | readonly Part[];

/** Markup from a template; text is escaped, null and false are nothing, arrays are joined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const written = strings.map((text, at) => text + (at < parts.length ? markupOf(parts[at]!) : ""));
  return { markup: written.join("") };
}

function markupOf(part: Part): string {
  if (part === null || part === false) return "";
  if (typeof part === "string" || typeof part === "number") return escape(String(part));
  return "markup" in part ? part.markup : part.map(markupOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
