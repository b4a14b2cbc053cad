import { CoreApp } from '@grafana/data';

import { words } from './words';

describe('words', () => {
  it('says what a new query asks', () => {
    expect(words({ refId: 'A' }, CoreApp.Explore)).toBe('Log lines of the newest 1000: all events.');
    expect(words({ refId: 'A' })).toBe('How many there are over time, for each result: all events.');
    expect(words({ refId: 'Anno', scope: {} })).toBe('Marks on the graph, at most 200: all events.');
  });

  it('names every condition', () => {
    const query = {
      refId: 'A',
      queryType: 'counts' as const,
      over: 'total' as const,
      groupBy: ['method', 'region'],
      scope: { products: ['iam', 'vpc'], status: ['denied'], text: ' key ' },
      filters: [{ key: 'region', operator: '!=' as const, value: 'nl-ams' }],
    };
    expect(words(query)).toBe(
      'How many there are in the range, for each method and region: events where product is iam or vpc, result is denied, any field contains “key” and region is not nl-ams.'
    );
  });

  it('says names where ids are stored, and is brief about long lists', () => {
    const scope = { principals: ['1', '2', '3', '4', '5'] };
    const query = { refId: 'A', queryType: 'events' as const, scope };
    expect(words(query, undefined, (id) => ({ '1': 'terraform' })[id])).toBe(
      'Log lines of the newest 1000: events where principal is terraform, 2, 3 or one of 2 others.'
    );
  });

  it('does not escape what React escapes', () => {
    expect(words({ refId: 'A', queryType: 'values', scope: { text: 'a<b&c' } })).toContain('“a<b&c”');
  });
});
