/** What a double-quoted text of YAML cannot have as it is, or what would be invisible in it, beyond JSON's own escapes. */
const HIDDEN = /[\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/g;

/** Half of a pair, which is no character. */
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A text as a scalar of YAML in double quotes, on one line, with line ends escaped. */
export function quotedScalar(text: string): string {
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text.replace(HALF, '\ufffd')).replace(HIDDEN, escape);
}

/** A text as a scalar, without quotes where YAML reads the same text without them. */
export function scalar(text: string): string {
  const isPlain = /^[A-Za-z_][\w.@/-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : quotedScalar(text);
}
