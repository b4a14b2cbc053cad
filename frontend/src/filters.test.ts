import { adHocFilters, hasFilter, modified, toggled } from './filters';

const query = { refId: 'A' };
const options = { key: 'product', value: 'iam' };

describe('filters', () => {
  it('keeps the operators that the backend knows, and drops what is not filled in', () => {
    expect(
      adHocFilters([
        { key: 'product', operator: '=', value: 'iam' },
        { key: 'product', operator: '=|', value: 'iam', values: ['iam', 'vpc'] },
        { key: 'status', operator: '<', value: '500' },
        { key: 'method', operator: '=', value: '' },
      ])
    ).toEqual([
      { key: 'product', operator: '=', value: 'iam' },
      { key: 'product', operator: '=|', value: 'iam', values: ['iam', 'vpc'] },
      { key: 'status', operator: '<', value: '500' },
    ]);
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

  it('leaves a query alone where a value cannot be filtered on', () => {
    expect(toggled(query, { type: 'FILTER_FOR', options: { key: 'filename', value: 'x' } })).toBe(query);
  });

  it('adds a filter once, and a selected text', () => {
    const once = modified(query, { type: 'ADD_FILTER', options });
    expect(modified(once, { type: 'ADD_FILTER', options })).toBe(once);
    expect(modified(query, { type: 'ADD_STRING_FILTER', options: { value: 'web' } }).scope).toEqual({ text: 'web' });
  });
});
