import { type DataFrame, FieldType } from '@grafana/data';

import { inExplore } from './views';

const frame = (name: string, columns: Record<string, unknown[]>, type = FieldType.string): DataFrame => ({
  name,
  refId: 'A',
  meta: { preferredVisualisationType: 'table' },
  length: 1,
  fields: Object.entries(columns).map(([column, values]) => ({
    name: column,
    type,
    config: { unit: 'short', custom: { width: 7 } },
    values,
  })),
});

describe('Explore', () => {
  it.each([
    ['timeline', 'state-timeline'],
    ['spans', 'table'],
    ['suspects', undefined],
    ['toString', undefined],
  ])('shows %s in the panel %s', (name, panel) => {
    const { meta } = inExplore(frame(name, { time: [1] }));
    expect(meta).toEqual({
      preferredVisualisationType: 'table',
      ...(panel && { preferredVisualisationPluginId: panel }),
    });
  });

  it('wraps sentences, and leaves other columns as they are', () => {
    const { fields } = inExplore(frame('story', { sentence: ['a b'], principal: ['c'], constructor: ['d'] }));
    expect(fields.map(({ config }) => config.custom)).toEqual([
      // The backend's own width counts.
      { width: 7, wrapText: true, cellOptions: { type: 'auto', wrapText: true } },
      { width: 7 },
      { width: 7 },
    ]);
  });

  it('has the conditions of a match as text', () => {
    const held = [
      { condition: 'method_name', value: 'CreateAPIKey' },
      { condition: 'source_ip|cidr', value: '192.0.2.66' },
    ];
    const [why, tags] = inExplore(frame('detections', { why: [held, []], tags: [['a']] }, FieldType.other)).fields;
    expect([why.type, why.values]).toEqual([
      FieldType.string,
      ['method_name: CreateAPIKey\nsource_ip|cidr: 192.0.2.66', ''],
    ]);
    expect([tags.type, tags.values]).toEqual([FieldType.other, [['a']]]);
    const [sentence] = inExplore(frame('suspects', { why: ['a sentence'] })).fields;
    expect(sentence.values).toEqual(['a sentence']);
  });

  it('has room for a verdict of several words', () => {
    const [verdict] = inExplore({
      ...frame('recovery', {}),
      fields: [{ name: 'verdict', type: FieldType.string, config: {}, values: ['yes, after another span'] }],
    }).fields;
    expect(verdict.config.custom).toEqual({
      width: 160,
      wrapText: true,
      cellOptions: { type: 'auto', wrapText: true },
    });
  });

  it.each([
    ['nodes', [undefined, 'events', undefined, 'suspect', 'other']],
    ['edges', [undefined, undefined, 'events', undefined, undefined]],
    ['story', [undefined, undefined, undefined, undefined, undefined]],
    ['toString', [undefined, undefined, undefined, undefined, undefined]],
  ])('has words for the numbers of %s in a node graph', (name, expected) => {
    const columns = { id: [1], mainstat: [1], secondarystat: [1], arc__suspect: [1], arc__other: [0] };
    const { fields } = inExplore(frame(name, columns));
    expect(fields.map(({ config }) => config.displayName)).toEqual(expected);
    expect(fields[2].config.unit).toBe('short');
  });
});
