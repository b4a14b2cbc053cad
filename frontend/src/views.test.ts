import { type DataFrame, type DataFrameType, FieldType } from '@grafana/data';

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

  it('gives each lane of a timeline a color of its own', () => {
    const colors = (name: string) => inExplore(frame(name, { ops: [1] })).fields.map(({ config }) => config.color);
    expect([colors('timeline'), colors('story')]).toEqual([[{ mode: 'palette-classic' }], [undefined]]);
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

  it('has headings for people over the columns of a table', () => {
    const { fields } = inExplore(frame('story', { source_ip: [1], failed_log_ins: [1], constructor: [1] }));
    expect(fields.map(({ name }) => name)).toEqual(['source_ip', 'failed_log_ins', 'constructor']);
    expect(fields.map(({ config }) => config.displayName)).toEqual(['Source address', 'Failed log-ins', undefined]);
    expect(fields[0].config.unit).toBe('short');
  });

  it('has a heading once in a table', () => {
    const { fields } = inExplore(frame('annotations', { event_id: ['a'], id: ['0'] }));
    expect(fields.map(({ config }) => config.displayName)).toEqual(['Event id', undefined]);
  });

  it.each([
    ['nodes', undefined],
    ['edges', undefined],
    ['counts', 'timeseries-wide'],
    ['events', 'log-lines'],
  ])('leaves the names of fields in %s', (name, type) => {
    const { fields, ...rest } = frame(name, { time: [1], title: [1], count: [1] });
    const time = { ...fields[0], type: FieldType.time };
    const named = { ...fields[1], config: { displayName: 'own' } };
    const shown = inExplore({ ...rest, meta: { type: type as DataFrameType }, fields: [time, named, fields[2]] });
    expect(shown.fields.map(({ config }) => config.displayName)).toEqual(['Time', 'own', undefined]);
  });
});
