import { filterOf, OPERATORS, operatorsOf, rowOf, withKey, withOperator, type Filter, type Row } from './conditions';

const row = (part: Partial<Row>): Row => ({ id: 1, key: 'country', operator: '=', values: [], ...part });

describe('conditions', () => {
  it.each<Filter>([
    { key: 'country', operator: '=', value: 'FR' },
    { key: 'country', operator: '!=', value: 'FR' },
    { key: 'country', operator: '=|', value: 'FR', values: ['FR', 'DE'] },
    { key: 'country', operator: '!=|', value: 'FR', values: ['FR', '(none)'] },
    { key: 'method', operator: '=~', value: 'Delete.*' },
    { key: 'method', operator: '!~', value: '$methods' },
    { key: 'status', operator: '<', value: '400' },
    { key: 'status', operator: '>=', value: '$code' },
    { key: 'mfa', operator: '=', value: '(none)' },
    { key: 'mfa', operator: '!=', value: '(none)' },
  ])('are rows and the same filters again: %j', (filter) => {
    expect(filterOf(rowOf(filter, 1))).toEqual(filter);
  });

  it('recognize absence in each spelling', () => {
    expect(rowOf({ key: 'mfa', operator: '=', value: '' }, 1)).toEqual(row({ key: 'mfa', operator: 'not-set' }));
    expect(rowOf({ key: 'mfa', operator: '!=', value: '(none)' }, 1)).toEqual(row({ key: 'mfa', operator: 'set' }));
    expect(filterOf(row({ key: 'mfa', operator: 'set' }))).toEqual({ key: 'mfa', operator: '!=', value: '(none)' });
    expect(filterOf(row({ key: 'mfa', operator: 'not-set' }))).toEqual({ key: 'mfa', operator: '=', value: '(none)' });
  });

  it.each(OPERATORS)('are no filter while %s lacks its value', (operator) => {
    expect(filterOf(row({ key: 'status', operator }))).toBeUndefined();
    expect(filterOf(row({ key: 'status', operator, values: [''] }))).toBeUndefined();
  });

  it('are no filter without a column', () => {
    expect(filterOf(row({ key: '', values: ['FR'] }))).toBeUndefined();
    expect(filterOf(row({ key: '', operator: 'set' }))).toBeUndefined();
  });

  it('compare numbers on the status code only', () => {
    expect(operatorsOf('status')).toEqual([...OPERATORS, 'set', 'not-set']);
    for (const key of ['status_class', 'country', 'method', '']) {
      expect(operatorsOf(key)).toEqual(['=', '!=', '=~', '!~', '=|', '!=|', 'set', 'not-set']);
    }
    expect(withKey(row({ key: 'status', operator: '>=', values: ['400'] }), 'country')).toEqual(row({}));
  });

  it('preserve the value that the next operator accepts', () => {
    const one = row({ key: 'status', values: ['404'] });
    const several = row({ key: 'status', operator: '=|', values: ['denied', '404'] });
    expect(withOperator(one, '=|').values).toEqual(['404']);
    expect(withOperator(one, '>=').values).toEqual(['404']);
    expect(withOperator(one, 'set').values).toEqual([]);
    expect(withOperator(several, '!=|').values).toEqual(['denied', '404']);
    expect(withOperator(several, '!=').values).toEqual(['denied']);
    expect(withOperator(several, '<').values).toEqual([]);
    expect(withKey(several, 'status')).toEqual(several);
    expect(withKey(several, 'method').values).toEqual([]);
  });
});
