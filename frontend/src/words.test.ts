import { CoreApp } from '@grafana/data';

import { conditionWords, type Filter } from './conditions';
import type { AuditQuery } from './query';
import { words } from './words';

describe('words', () => {
  it('describes a new query', () => {
    expect(words({ refId: 'A' }, CoreApp.Explore)).toBe('Log lines of the newest 1000: all events.');
    expect(words({ refId: 'A' })).toBe('Number of events over time, for each result: all events.');
    expect(words({ refId: 'Anno', scope: {} })).toBe('Annotations, as many as the graph has room for: all events.');
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
      'Number of events in the range, for each method and region: events where product is iam or vpc, result is denied, any field contains “key” and region is not nl-ams.'
    );
  });

  it('names stored ids, and shortens long lists', () => {
    const scope = { principals: ['1', '2', '3', '4', '5'] };
    const query = { refId: 'A', queryType: 'events' as const, scope };
    expect(words(query, undefined, (id) => ({ '1': 'terraform' })[id])).toBe(
      'Log lines of the newest 1000: events where principal is terraform, 2, 3 or one of 2 others.'
    );
  });

  it.each([
    ['=', { value: 'FR' }, 'country is FR'],
    ['!=', { value: 'FR' }, 'country is not FR'],
    ['=|', { value: 'FR', values: ['FR', 'DE'] }, 'country is FR or DE'],
    ['!=|', { value: 'FR', values: ['FR', '(none)'] }, 'country is not FR or (none)'],
    ['=~', { value: 'F.*' }, 'country matches F.*'],
    ['!~', { value: '$country' }, 'country does not match $country'],
    ['=', { value: '(none)' }, 'country is not set'],
    ['=', { value: '' }, 'country is not set'],
    ['!=', { value: '(none)' }, 'country is set'],
    ['!=|', { value: '', values: ['(none)'] }, 'country is set'],
    ['=~', { value: '' }, 'country matches (none)'],
  ] as const)('describes the filter %s %j', (operator, rest, description) => {
    expect(conditionWords({ key: 'country', operator, ...rest } as Filter)).toBe(description);
  });

  it.each([
    ['<', 'status code is less than 400'],
    ['<=', 'status code is at most 400'],
    ['>', 'status code is greater than 400'],
    ['>=', 'status code is at least 400'],
  ] as const)('describes the filter %s', (operator, description) => {
    expect(conditionWords({ key: 'status', operator, value: '400' })).toBe(description);
  });

  it.each([
    [{}, 'A table of the matches of all detection rules: all events.'],
    [{ show: 'lines', sigma: 'title: A' }, 'Log lines that match the query’s own rules: all events.'],
    [
      { show: 'counts', levels: ['high', 'low'], tags: ['t'] },
      'Number of matches of detection rules where the level is high or low and a tag is t over time: all events.',
    ],
    [
      { show: 'annotations', ruleIds: ['r', 'q'] },
      'Annotations of the matches of detection rules where the rule is “Rule” or “q”: all events.',
    ],
  ] as const)('describes detections: %j', (fields, expected) => {
    const query = { refId: 'A', queryType: 'detections', ...fields } as unknown as AuditQuery;
    expect(words(query, undefined, (id) => ({ r: 'Rule' })[id])).toBe(expected);
  });

  it('names excluded addresses', () => {
    const scope = { status: ['denied'], notSourceIps: ['203.0.113.0/24', '$office'] };
    expect(words({ refId: 'A', queryType: 'events', scope })).toBe(
      'Log lines of the newest 1000: events where result is denied and source address is not 203.0.113.0/24 or $office.'
    );
  });

  it('names searched and excluded texts', () => {
    expect(words({ refId: 'A', queryType: 'events', scope: { text: ['a', ' b '], notText: 'c' } })).toBe(
      'Log lines of the newest 1000: events where any field contains “a” or “b” and no field contains “c”.'
    );
  });

  it.each([
    [{ cap: 40 }, 'Annotations, at most 40: all events.'],
    [
      { cluster: 'overflow' as const },
      'Annotations, at most 1000: all events. Events share an annotation only beyond this limit.',
    ],
    [
      { cap: '$cap', severityColors: false },
      'Annotations, at most $cap: all events. All annotations have the color chosen above.',
    ],
    [{ cap: 9, severityColors: false, overlay: true }, 'Annotations, at most 9: all events.'],
  ])('describes annotations of %j', (query, description) => {
    expect(words({ refId: 'A', queryType: 'annotations', ...query })).toBe(description);
  });

  it('names the time zone if it has an effect', () => {
    const query = { refId: 'A', queryType: 'counts' as const, timezone: 'Europe/Paris' };
    expect(words(query)).toBe(
      'Number of events over time: all events. Hours and days are those of the time zone Europe/Paris.'
    );
    expect(words({ ...query, over: 'total' })).toBe('Number of events in the range: all events.');
  });

  it('names what is counted, and how far back', () => {
    const query = { refId: 'A', queryType: 'counts' as const, over: 'total' as const };
    expect(words({ ...query, countOf: 'source_ip', lookbackSeconds: 300 })).toBe(
      'Number of events in the range: all events. Of the events, the distinct values of source address are counted. Each number looks back 300 s.'
    );
    expect(words({ ...query, countOf: 'events' })).toBe('Number of events in the range: all events.');
  });

  it('names the end of the range that counts', () => {
    const query = { refId: 'A', queryType: 'events' as const, order: 'oldest' as const, limit: '$most' };
    expect(words(query)).toBe('Log lines of the oldest $most: all events.');
    expect(words({ ...query, format: 'table', limit: 3 })).toBe('A table of the oldest 3: all events.');
  });

  it.each([
    [{}, 'At most 10 actions that may explain why the metric rose: all events.'],
    [
      { expression: 'up', direction: 'down' as const, suspects: '$most' },
      'At most $most actions that may explain why “up” fell: all events.',
    ],
    [
      { expression: '${query}', target: ['1', 'web-3', '${server}'], onset: '${__from}' },
      'At most 10 actions that may explain why “$query” of db, web-3 or $server rose: all events. Onset: $__from.',
    ],
  ])('describes suspects of %j', (query, description) => {
    const nameOf = (id: string) => ({ '1': 'db' })[id];
    expect(words({ refId: 'A', queryType: 'investigate', ...query }, undefined, nameOf)).toBe(description);
  });

  it('leaves escaping to React', () => {
    expect(words({ refId: 'A', queryType: 'values', scope: { text: 'a<b&c' } })).toContain('“a<b&c”');
  });
});
