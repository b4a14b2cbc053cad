import { matcher } from './wildcards';

describe('wildcards', () => {
  it.each([
    ['CreateAPIKey', 'createApiKey', true],
    ['Delete*', 'DeleteServer', true],
    ['delete*', 'UndeleteServer', false],
    ['*Key', 'CreateAPIKey', true],
    ['Get?', 'GetX', true],
    ['Get?', 'Get', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['[a]+(b)', '[a]+(b)', true],
    ['', 'x', false],
  ])('%s and %s: %s', (pattern, text, matches) => {
    expect(matcher(pattern)(text)).toBe(matches);
  });
});
