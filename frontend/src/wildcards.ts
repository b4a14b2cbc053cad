/** A test for a text with `*` and `?`, as the backend compares products, services, methods and resource types. */
export function matcher(pattern: string): (text: string) => boolean {
  const escaped = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  const expression = new RegExp(`^${escaped.replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 'isu');
  return (text) => expression.test(text);
}
