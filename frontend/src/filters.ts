import type { AdHocVariableFilter, MetricFindValue, QueryFixAction, ToggleFilterAction } from '@grafana/data';

import { columnOf, COLUMNS } from './columns';
import { NONE, operand, type Filter, type Operator } from './conditions';
import type { AuditQuery } from './query';
import { textsOf, withList, withTexts } from './scope';

/** The columns of filters, for Grafana's list of keys; a key that is filtered on already is offered again. */
export function tagKeys(): MetricFindValue[] {
  return COLUMNS.map((key) => ({ text: key, value: key }));
}

/** The operator of the columns to group by, which newer versions of Grafana put among the filters. */
export const GROUP_BY = 'groupBy';

/** A filter of Grafana's filter bar, with the bar's own fields. */
type BarFilter = AdHocVariableFilter & { nonApplicable?: boolean };

/**
 * The filters of Grafana's filter bar as the backend takes them; a row that is not filled in yet is left out.
 *
 * The value "(none)" selects events that lack the column; an empty one is no filter. An operator that this version does not
 * have is passed on: the backend refuses it by name.
 */
export function adHocFilters(filters: readonly BarFilter[] | undefined): Filter[] {
  return (filters ?? []).flatMap(({ key, operator, value, values, nonApplicable }) => {
    if (!key || !operator || operator === GROUP_BY || nonApplicable) {
      return [];
    }
    if (operand(operator) === 'several') {
      const several = (values?.length ? values : [value]).filter(Boolean);
      return several.length ? [{ key, operator: operator as Operator, value: several[0], values: several }] : [];
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

/** A condition of the scope, since the backend adds the other ids of the same principal there. */
const PRINCIPAL_ID = 'principal_id';

const same = (key: string, value: string) => (filter: Filter) => filter.key === key && filter.value === value;

/** A value as a filter has it: "(none)" selects its absence. */
const filterValue = (value: unknown): string =>
  value === undefined || value === null || value === '' ? NONE : String(value);

/** Whether a query selects exactly this value. */
export function hasFilter(query: AuditQuery, key: string, value: string | undefined): boolean {
  const wanted = filterValue(value);
  if (key === PRINCIPAL_ID && query.scope?.principals?.includes(wanted)) {
    return true;
  }
  return (query.filters ?? []).some((filter) => filter.operator === '=' && same(key, wanted)(filter));
}

/** A query that selects a value, or all but it; a filter that the query has already is removed. */
export function toggled(query: AuditQuery, { type, options }: ToggleFilterAction): AuditQuery {
  const { key } = options;
  const value = filterValue(options.value);
  if (key === PRINCIPAL_ID && type === 'FILTER_FOR' && value !== NONE) {
    const ids = query.scope?.principals ?? [];
    const principals = ids.includes(value) ? ids.filter((id) => id !== value) : [...ids, value];
    return { ...query, scope: withList(query.scope, 'principals', principals) };
  }
  if (!columnOf(key)) {
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
