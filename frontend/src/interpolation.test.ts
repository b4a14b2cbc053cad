import { Interpolation } from './interpolation';
import { SCOPE_LISTS } from './query';
import { fakeTemplates } from './test/fakes';

const variables = {
  one: 'web-1',
  several: ['a', 'b'],
  none: '',
  all: '$__all',
  number: '25',
  pattern: ['x', 'y'],
};
const interpolation = new Interpolation(fakeTemplates(variables), {});

describe('interpolation', () => {
  it('replaces variables in every list of the scope, each value by itself', () => {
    for (const list of SCOPE_LISTS) {
      expect(interpolation.scope({ [list]: ['$several', 'c'] })).toEqual({ [list]: ['a', 'b', 'c'] });
    }
    expect(interpolation.scope({ text: 'on $one' })).toEqual({ text: 'on web-1' });
  });

  it('multiplies out several variables in one entry', () => {
    expect(interpolation.texts('$several-${one}-[[several]]')).toEqual([
      'a-web-1-a',
      'a-web-1-b',
      'b-web-1-a',
      'b-web-1-b',
    ]);
  });

  it('takes no notice of a format that would join the values', () => {
    expect(interpolation.list(['${several:csv}'])).toEqual(['a', 'b']);
  });

  it('does not restrict to a variable that is empty or all', () => {
    expect(interpolation.scope({ principals: ['$none'], regions: ['$all', 'fr-par'] })).toEqual({});
    expect(interpolation.list(['$one', '$none'])).toEqual(['web-1']);
  });

  it('leaves what is not a variable alone', () => {
    expect(interpolation.list(['$unknown', '*'])).toEqual(['$unknown', '*']);
  });

  it('replaces variables in filters, columns and numbers', () => {
    const query = {
      refId: 'A',
      column: '$one',
      groupBy: ['$several'],
      limit: '$number',
      cap: '$none',
      filters: [
        { key: 'product', operator: '=' as const, value: '$several' },
        { key: 'method', operator: '!=' as const, value: '$one' },
        { key: 'method', operator: '=~' as const, value: '$pattern' },
      ],
    };
    expect(interpolation.query(query)).toEqual({
      refId: 'A',
      column: 'web-1',
      groupBy: ['a', 'b'],
      limit: 25,
      filters: [
        { key: 'product', operator: '=|', value: 'a', values: ['a', 'b'] },
        { key: 'method', operator: '!=', value: 'web-1' },
        { key: 'method', operator: '=~', value: 'x|y' },
      ],
    });
  });

  it('sees variables of a repeated panel', () => {
    const repeated = new Interpolation(fakeTemplates(variables), { one: { text: 'db', value: 'db-1' } });
    expect(repeated.list(['$one'])).toEqual(['db-1']);
  });
});
