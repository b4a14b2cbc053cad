import fs from 'fs';
import path from 'path';

import { defaultsOf, type AuditQuery } from './query';
import { QUESTIONS, questionOf, SHAPES, type QuestionName } from './questions';
import { shapeOf, withShape } from './shapes';

const NAMES = Object.keys(QUESTIONS) as QuestionName[];

describe('questions', () => {
  const page = fs.readFileSync(path.join(__dirname, '../../docs/query-model.md'), 'utf8');

  /** The values, the default and the meaning of a field in the documentation; questions may share a field's name. */
  function documented(field: string, queryType = ''): string[] {
    const rows = page.split('\n').filter((line) => line.startsWith(`| \`${field}\` |`));
    const cells = rows.map((row) => row.split(' | ').slice(1));
    return cells.find(([, , meaning]) => meaning?.includes(`\`${queryType}\``)) ?? cells[0] ?? [];
  }

  it('are those of the query model', () => {
    const [values] = documented('queryType');
    expect([...values.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)('%s has the fields, values and defaults of the query model', (queryType) => {
    const defaults = defaultsOf({ refId: 'A', queryType });
    for (const [name, field] of Object.entries(questionOf(queryType).fields)) {
      const [values, initial, meaning] = documented(name, queryType);
      expect([name, meaning]).toEqual([name, expect.stringContaining(`\`${queryType}\``)]);
      const value = defaults[name as keyof AuditQuery];
      if (field.kind === 'choice') {
        expect([name, values]).toEqual([
          name,
          Object.keys(field.options)
            .map((option) => `\`${option}\``)
            .join(' '),
        ]);
      }
      if (field.kind === 'amount' && /^1 to \d/.test(values)) {
        expect([name, values]).toEqual([name, `1 to ${field.most}`]);
      }
      if (/^`\w+`$/.test(initial) && field.kind !== 'timezone') {
        expect([name, initial]).toEqual([name, `\`${value ?? false}\``]);
      }
    }
  });

  it.each([
    ['', true],
    ['2026-03-01T10:00:00Z', true],
    [' 2026-03-01t10:00:00.25+01:00 ', true],
    ['1772359200000', true],
    ['${__from}', true],
    ['2026-03-01', false],
    ['2026-03-01T10:00:00', false],
    ['2026-13-01T10:00:00Z', false],
    ['1969-12-31T23:59:59Z', false],
    ['-1', false],
    ['yesterday', false],
  ])('of an investigation, the onset %j is a time: %s', (text, right) => {
    const { wrong } = QUESTIONS.investigate.fields.onset;
    expect(wrong(text) === undefined).toBe(right);
  });

  it('have no value of another question’s field of the same name', () => {
    const query = { refId: 'A', queryType: 'investigate' as const, show: 'graph' as const, levels: ['high'] };
    expect(withShape(query, 'detections')).toEqual({ refId: 'A', queryType: 'detections', levels: ['high'] });
    expect(withShape({ ...query, show: 'annotations' }, 'detections').show).toBe('annotations');
  });

  it.each(SHAPES)('has the shape $value', ({ value, query, label, help }) => {
    expect(shapeOf({ refId: 'A', ...query })).toBe(value);
    expect(withShape({ refId: 'A', queryType: 'values', scope: {} }, value)).toEqual({
      refId: 'A',
      scope: {},
      ...query,
    });
    expect(label()).not.toBe('');
    expect(help()).not.toBe('');
  });
});
