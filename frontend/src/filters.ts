import type { AdHocVariableFilter, MetricFindValue, QueryFixAction, ToggleFilterAction } from '@grafana/data';

import { COLUMNS, OPERATORS, withList, type AuditQuery, type Filter, type Operator } from './query';

export const FILTER_KEYS: readonly string[] = COLUMNS;

/** What can be filtered on, for Grafana's list of keys; a key that is filtered on already is offered again. */
export function tagKeys(): MetricFindValue[] {
  return FILTER_KEYS.map((key) => ({ text: key, value: key }));
}

function isOperator(operator: string): operator is Operator {
  return (OPERATORS as readonly string[]).includes(operator);
}

/** Ad-hoc filters as the backend takes them; one that is not filled in yet is left out. */
export function adHocFilters(filters: AdHocVariableFilter[] | undefined): Filter[] {
  return (filters ?? []).flatMap(({ key, operator, value, values }) => {
    const several = operator === '=|' || operator === '!=|';
    if (!key || !isOperator(operator) || (several ? !values?.length : !value)) {
      return [];
    }
    return [several ? { key, operator, value, values } : { key, operator, value }];
  });
}

/** A query with further filters. */
export function withFilters(query: AuditQuery, more: Filter[]): AuditQuery {
  return more.length ? { ...query, filters: [...(query.filters ?? []), ...more] } : query;
}

/** Asked of the scope, where the backend knows the other ids of the same principal. */
const PRINCIPAL_ID = 'principal_id';

const same = (key: string, value: string) => (filter: Filter) => filter.key === key && filter.value === value;

/** Whether a query asks for exactly this value. */
export function hasFilter(query: AuditQuery, key: string, value: string): boolean {
  if (key === PRINCIPAL_ID) {
    return Boolean(query.scope?.principals?.includes(value));
  }
  return (query.filters ?? []).some((filter) => filter.operator === '=' && same(key, value)(filter));
}

/** A query that asks for a value, or for all but it; asking for the same again takes the filter away. */
export function toggled(query: AuditQuery, { type, options: { key, value } }: ToggleFilterAction): AuditQuery {
  if (key === PRINCIPAL_ID && type === 'FILTER_FOR') {
    const ids = query.scope?.principals ?? [];
    const principals = ids.includes(value) ? ids.filter((id) => id !== value) : [...ids, value];
    return { ...query, scope: withList(query.scope, 'principals', principals) };
  }
  if (!FILTER_KEYS.includes(key)) {
    return query;
  }
  const operator: Operator = type === 'FILTER_FOR' ? '=' : '!=';
  const filters = query.filters ?? [];
  const present = filters.some((filter) => filter.operator === operator && same(key, value)(filter));
  const others = filters.filter((filter) => !['=', '!='].includes(filter.operator) || !same(key, value)(filter));
  return { ...query, filters: present ? others : [...others, { key, operator, value }] };
}

/** A query changed by one of Explore's actions. */
export function modified(query: AuditQuery, action: QueryFixAction): AuditQuery {
  const { key, value } = action.options ?? {};
  switch (action.type) {
    case 'ADD_FILTER':
      return hasFilter(query, key, value) ? query : toggled(query, { type: 'FILTER_FOR', options: { key, value } });
    case 'ADD_FILTER_OUT': {
      const out = (query.filters ?? []).some((filter) => filter.operator === '!=' && same(key, value)(filter));
      return out ? query : toggled(query, { type: 'FILTER_OUT', options: { key, value } });
    }
    case 'ADD_STRING_FILTER':
      return value ? { ...query, scope: { ...query.scope, text: value } } : query;
    default:
      return query;
  }
}

export const MODIFICATIONS = ['ADD_FILTER', 'ADD_FILTER_OUT', 'ADD_STRING_FILTER'];
