import { NONE, OPERATORS } from './conditions';
import { adHocFilters, distinctFilters, hasFilter, MODIFICATIONS, modified, toggled } from './filters';
import type { AuditQuery } from './query';

const query = { refId: 'A' };
const options = { key: 'product', value: 'iam' };

describe('filters', () => {
  it('passes on all operators of the filter bar', () => {
    const filters = OPERATORS.map((operator) => ({ key: 'status', operator, value: '400', values: ['400', '404'] }));
    expect(adHocFilters(filters)).toEqual(
      OPERATORS.map((operator) => ({
        key: 'status',
        operator,
        value: '400',
        ...(operator.endsWith('|') && { values: ['400', '404'] }),
      }))
    );
  });

  it('leaves out a row that is not filled in, and selects a missing column by name', () => {
    const unfinished = OPERATORS.flatMap((operator) => [
      { key: 'method', operator, value: '' },
      { key: 'method', operator, value: '', values: [] },
      { key: 'method', operator, value: '', values: [''] },
      { key: '', operator, value: 'iam' },
    ]);
    expect(adHocFilters(unfinished)).toEqual([]);
    expect(adHocFilters([{ key: 'method', operator: '', value: 'x' }])).toEqual([]);
    expect(adHocFilters(undefined)).toEqual([]);
    for (const operator of OPERATORS) {
      expect(adHocFilters([{ key: 'mfa', operator, value: NONE }])).toEqual([
        { key: 'mfa', operator, value: NONE, ...(operator.endsWith('|') && { values: [NONE] }) },
      ]);
    }
  });

  it('passes invalid values on to the backend’s checks', () => {
    const filters = [
      { key: 'no_column', operator: '=', value: 'x' },
      { key: 'method', operator: '~~', value: 'x' },
    ];
    expect(adHocFilters(filters)).toEqual(filters);
  });

  it('leaves out filters that Grafana does not apply, and columns to group by', () => {
    expect(
      adHocFilters([
        { key: 'method', operator: '=', value: 'x', nonApplicable: true },
        { key: 'method', operator: 'groupBy', value: 'x' },
      ])
    ).toEqual([]);
  });

  it('adds no condition twice', () => {
    const filter = { key: 'product', operator: '=' as const, value: 'iam' };
    const others = [
      { ...filter, value: 'vpc' },
      { ...filter, operator: '!=' as const },
      { ...filter, operator: '=|' as const, values: ['iam', 'vpc'] },
    ];
    expect(distinctFilters([filter, ...others, { ...filter }, ...others])).toEqual([filter, ...others]);
  });

  it('filters for a value, out of it, and not at all', () => {
    const filtered = toggled(query, { type: 'FILTER_FOR', options });
    expect(filtered.filters).toEqual([{ ...options, operator: '=' }]);
    expect(hasFilter(filtered, 'product', 'iam')).toBe(true);
    const out = toggled(filtered, { type: 'FILTER_OUT', options });
    expect(out.filters).toEqual([{ ...options, operator: '!=' }]);
    expect(hasFilter(out, 'product', 'iam')).toBe(false);
    expect(toggled(out, { type: 'FILTER_OUT', options }).filters).toEqual([]);
  });

  it('filters for a principal by id', () => {
    const principal = { type: 'FILTER_FOR' as const, options: { key: 'principal_id', value: 'p-1' } };
    const filtered = toggled(query, principal);
    expect(filtered.scope).toEqual({ principals: ['p-1'] });
    expect(hasFilter(filtered, 'principal_id', 'p-1')).toBe(true);
    expect(toggled(filtered, principal).scope).toEqual({});
    const out = toggled(query, { ...principal, type: 'FILTER_OUT' });
    expect(out.filters).toEqual([{ ...principal.options, operator: '!=' }]);
  });

  it('leaves a query unchanged if a value cannot be filtered on', () => {
    expect(toggled(query, { type: 'FILTER_FOR', options: { key: 'filename', value: 'x' } })).toBe(query);
  });

  it('adds a filter once, and a selected text', () => {
    const once = modified(query, { type: 'ADD_FILTER', options });
    expect(modified(once, { type: 'ADD_FILTER', options })).toBe(once);
    const contains = modified(query, { type: 'ADD_STRING_FILTER', options: { value: 'web' } });
    expect(contains.scope).toEqual({ text: 'web' });
    expect(modified(contains, { type: 'ADD_STRING_FILTER', options: { value: 'db' } }).scope).toEqual({ text: 'db' });
  });

  it('leaves out lines that contain a selected text, each further text more of them', () => {
    const out = (asked: AuditQuery, value: string) =>
      modified(asked, { type: 'ADD_STRING_FILTER_OUT', options: { value } });
    const one = out({ ...query, scope: { text: 'web' } }, 'db');
    expect(one.scope).toEqual({ text: 'web', notText: 'db' });
    expect(out(one, 'lb').scope).toEqual({ text: 'web', notText: ['db', 'lb'] });
    expect(out(one, 'db').scope).toEqual(one.scope);
    expect(out(one, '')).toBe(one);
    expect(MODIFICATIONS).toContain('ADD_STRING_FILTER_OUT');
  });

  it.each(['', undefined, null])('filters for lines that lack a value: %p', (value) => {
    for (const [type, operator] of [
      ['FILTER_FOR', '='],
      ['FILTER_OUT', '!='],
    ] as const) {
      for (const key of ['mfa', 'principal_id']) {
        const filtered = toggled(query, { type, options: { key, value: value as string } });
        expect(filtered).toEqual({ ...query, filters: [{ key, operator, value: NONE }] });
        expect(hasFilter(filtered, key, value as string)).toBe(operator === '=');
        expect(toggled(filtered, { type, options: { key, value: value as string } }).filters).toEqual([]);
        const action = {
          type: operator === '=' ? 'ADD_FILTER' : 'ADD_FILTER_OUT',
          options: { key, value: value as string },
        };
        expect(modified(query, action)).toEqual(filtered);
        expect(modified(filtered, action)).toBe(filtered);
      }
    }
  });
});
