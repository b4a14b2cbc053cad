import { quotedScalar, scalar } from './yaml';

describe('a text in quotes', () => {
  it.each([
    ['', '""'],
    ['plain', '"plain"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['a\\b', '"a\\\\b"'],
    ['two\nlines\r\n\t', '"two\\nlines\\r\\n\\t"'],
    ['# no: comment', '"# no: comment"'],
    ['\u0000\u0085\u007f', '"\\u0000\\u0085\\u007f"'],
    ['\u2028\u2029\ufeff', '"\\u2028\\u2029\\ufeff"'],
    ['\u202etxt.exe', '"\\u202etxt.exe"'],
    ['half \ud800 pair \ud83d\ude00', '"half \ufffd pair \ud83d\ude00"'],
  ])('%j is one line of visible characters', (text, expected) => {
    expect(quotedScalar(text)).toBe(expected);
    // A scalar in double quotes without other escapes is JSON, too.
    expect(JSON.parse(expected)).toBe(text.replace('\ud800 ', '\ufffd '));
  });
});

describe('a scalar', () => {
  it.each(['CreateServer', 'fr-par', 'a.b@example.com', 'scaleway/x'])('%s has no quotes', (text) => {
    expect(scalar(text)).toBe(text);
  });

  it.each(['', 'true', 'No', 'null', '12', '-', 'a b', 'a: b', '[a]', '*', '&a', '!a', '- a', 'a#b'])(
    '%s has quotes',
    (text) => {
      expect(scalar(text)).toBe(`"${text}"`);
    }
  );
});
