/** A condition of a selector on one label. */
export interface Matcher {
  label: string;
  operator: string;
  value: string;
}

/** The tokens of PromQL and LogQL, as far as selectors need them: strings, variables, comments, words, operators, signs. */
const TOKEN = /"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|`[^`]*`|\$\{[^}]*\}|#.*|[\w:.]+|[=!]~|!=|\S/g;

const OPERATORS = ['=', '!=', '=~', '!~'];

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** The text of a string; undefined if the token is none. */
function text(token: string | undefined): string | undefined {
  const quote = token?.[0];
  if (!token || token.length < 2 || !quote || !'"\'`'.includes(quote) || !token.endsWith(quote)) {
    return undefined;
  }
  const inner = token.slice(1, -1);
  return quote === '`' ? inner : inner.replace(/\\([^])/g, (_, char: string) => ESCAPES[char] ?? char);
}

/** The matchers of all selectors of an expression; of an unfinished expression, those that are complete. */
export function matchers(expression: string): Matcher[] {
  const tokens = (expression.match(TOKEN) ?? []).filter((token) => !token.startsWith('#'));
  const found: Matcher[] = [];
  let isSelector = false;
  tokens.forEach((token, i) => {
    if (token === '{' || token === '}') {
      isSelector = token === '{';
    } else if (isSelector && OPERATORS.includes(token)) {
      // The name of a label may be a string.
      const label = text(tokens[i - 1]) ?? tokens[i - 1];
      const value = text(tokens[i + 1]);
      if (value !== undefined) {
        found.push({ label, operator: token, value });
      }
    }
  });
  return found;
}

/** The alternatives of a pattern that are plain texts, such as those of `(web-1|web-2)`; undefined if one is not. */
export function alternatives(pattern: string): string[] | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  const all = inner.split('|');
  const isPlain = all.every((one) => /^(?:[^\\^$*+?.()[\]{}]|\\[^\w])+$/.test(one));
  return isPlain ? all.map((one) => one.replace(/\\([^])/g, '$1')) : undefined;
}
