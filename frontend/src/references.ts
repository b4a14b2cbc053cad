/** Grafana's three syntaxes of a variable: $name, [[name:format]], ${name.path:format}. */
const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

/** A variable in a text. */
export interface Reference {
  source: string;
  name: string;
  path?: string;
  format?: string;
}

/** A text as its references and the texts between them. */
export function parse(text: string): Array<string | Reference> {
  const parts: Array<string | Reference> = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [source, plain, bracketed, bracketedFormat, braced, path, bracedFormat] = match;
    parts.push(text.slice(end, match.index));
    parts.push({ source, name: plain ?? bracketed ?? braced, path, format: bracketedFormat ?? bracedFormat });
    end = match.index + source.length;
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== '');
}

/** Whether a text contains a variable of the dashboard. */
export function hasVariable(text: string): boolean {
  return /\$\w|\$\{|\[\[/.test(text);
}

/** A reference to a variable, as the editors write it. */
export function reference(variable: string): string {
  return `\${${variable}}`;
}

/** Whether an entry of a list is a reference to a variable, in any syntax. */
export function names(entry: string, variable: string): boolean {
  return [`$${variable}`, `\${${variable}}`, `[[${variable}]]`].includes(entry);
}
