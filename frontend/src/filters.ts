import type { AdHocVariableFilter, MetricFindValue, QueryFixAction, ToggleFilterAction } from '@grafana/data';

import { COLUMNS, NONE, textsOf, withList, withTexts, type AuditQuery, type Filter, type Operator } from './query';

export const FILTER_KEYS: readonly string[] = COLUMNS;

/** The columns of filters, for Grafana's list of keys; a key that is filtered on already is offered again. */
export function tagKeys(): MetricFindValue[] {
  return FILTER_KEYS.map((key) => ({ text: key, value: key }));
}

/** Newer versions of Grafana keep the columns to group by among the filters. */
const GROUP_BY = 'groupBy';

/** A filter of Grafana's filter bar, with what it keeps beside the filter itself. */
type BarFilter = AdHocVariableFilter & { nonApplicable?: boolean };

/**
 * The filters of Grafana's filter bar as the backend takes them; a row that is not filled in yet is left out.
 *
 * The value "(none)" asks for events that lack the column, an empty one is none at all. An operator that this version does
 * not know is passed on: the backend refuses it by name.
 */
export function adHocFilters(filters: readonly BarFilter[] | undefined): Filter[] {
  return (filters ?? []).flatMap(({ key, operator, value, values, nonApplicable }) => {
    if (!key || !operator || operator === GROUP_BY || nonApplicable) {
      return [];
    }
    if (operator === '=|' || operator === '!=|') {
      const several = (values?.length ? values : [value]).filter(Boolean);
      return several.length ? [{ key, operator, value: several[0], values: several }] : [];
    }
    return value ? [{ key, operator: operator as Operator, value }] : [];
  });
}

/** Filters without those that are there already. */
export function distinctFilters(filters: Filter[]): Filter[] {
  const asked = new Map(
    filters.map((filter) => [JSON.stringify([filter.key, filter.operator, filter.values ?? filter.value]), filter])
  );
  return [...asked.values()];
}

/** A query with further filters. */
export function withFilters(query: AuditQuery, more: Filter[]): AuditQuery {
  return more.length ? { ...query, filters: distinctFilters([...(query.filters ?? []), ...more]) } : query;
}

/** Asked of the scope, where the backend knows the other ids of the same principal. */
const PRINCIPAL_ID = 'principal_id';

const same = (key: string, value: string) => (filter: Filter) => filter.key === key && filter.value === value;

/** A value as a filter has it: what is not there is asked for as "(none)". */
const filterValue = (value: unknown): string =>
  value === undefined || value === null || value === '' ? NONE : String(value);

/** Whether a query asks for exactly this value. */
export function hasFilter(query: AuditQuery, key: string, value: string | undefined): boolean {
  const wanted = filterValue(value);
  if (key === PRINCIPAL_ID && query.scope?.principals?.includes(wanted)) {
    return true;
  }
  return (query.filters ?? []).some((filter) => filter.operator === '=' && same(key, wanted)(filter));
}

/** A query that asks for a value, or for all but it; asking for the same again takes the filter away. */
export function toggled(query: AuditQuery, { type, options }: ToggleFilterAction): AuditQuery {
  const { key } = options;
  const value = filterValue(options.value);
  if (key === PRINCIPAL_ID && type === 'FILTER_FOR' && value !== NONE) {
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
      const isOut = same(key, filterValue(value));
      const out = (query.filters ?? []).some((filter) => filter.operator === '!=' && isOut(filter));
      return out ? query : toggled(query, { type: 'FILTER_OUT', options: { key, value } });
    }
    // "Line contains" in the menu on selected text narrows the lines at hand: a list of texts would widen them.
    case 'ADD_STRING_FILTER':
      return value ? { ...query, scope: withTexts(query.scope, 'text', [value]) } : query;
    // "Line does not contain"; each further text leaves out more.
    case 'ADD_STRING_FILTER_OUT':
      return value
        ? { ...query, scope: withTexts(query.scope, 'notText', [...textsOf(query.scope?.notText), value]) }
        : query;
    default:
      return query;
  }
}

export const MODIFICATIONS = ['ADD_FILTER', 'ADD_FILTER_OUT', 'ADD_STRING_FILTER', 'ADD_STRING_FILTER_OUT'];
