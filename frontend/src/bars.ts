import type { AdHocVariableFilter, DataSourceRef, Scope as GrafanaScope, TypedVariableModel } from '@grafana/data';

import { GROUP_BY } from './filters';
import { understood, type AuditQuery } from './query';
import { questionOf } from './questions';

/** The conditions of a dashboard's filter bars for a data source. */
export interface Bars {
  /** The names of the variables that the bars are. */
  names: string[];
  filters: AdHocVariableFilter[];
  groupBy: string[];
}

/** A filter variable; scenes separate the filters that come with the dashboard from those of its user. */
type FilterVariable = Extract<TypedVariableModel, { type: 'adhoc' }> & { originFilters?: AdHocVariableFilter[] };

/** The bars of a dashboard that filter or group a data source's events: those whose data source `isOurs`. */
export function bars(
  variables: readonly TypedVariableModel[],
  isOurs: (datasource: DataSourceRef | null | undefined) => boolean
): Bars {
  const result: Bars = { names: [], filters: [], groupBy: [] };
  for (const variable of variables) {
    if (variable.type === 'adhoc' && isOurs(variable.datasource)) {
      const { originFilters = [], filters = [] }: FilterVariable = variable;
      const all = [...originFilters, ...filters];
      result.names.push(variable.name);
      result.filters.push(...all.filter(({ operator }) => operator !== GROUP_BY));
      result.groupBy.push(...all.filter(({ operator }) => operator === GROUP_BY).map(({ key }) => key));
    } else if (variable.type === 'groupby' && isOurs(variable.datasource)) {
      const keys: unknown = variable.current.value;
      result.names.push(variable.name);
      result.groupBy.push(...[keys].flat().filter((key): key is string => typeof key === 'string' && key !== ''));
    }
  }
  return result;
}

/** Grafana's words for the operators of a scope's filters: whether they compare patterns, and whether they exclude. */
const COMPARED: Record<string, { pattern: boolean; negative: boolean }> = {
  equals: { pattern: false, negative: false },
  'one-of': { pattern: false, negative: false },
  'not-equals': { pattern: false, negative: true },
  'not-one-of': { pattern: false, negative: true },
  'regex-match': { pattern: true, negative: false },
  'regex-not-match': { pattern: true, negative: true },
};

/** The filters of the scopes that are chosen for a dashboard; those about one column are alternatives, as in Grafana. */
export function scopeFilters(scopes: readonly GrafanaScope[] | undefined): AdHocVariableFilter[] {
  const merged = new Map<string, AdHocVariableFilter & { values: string[] }>();
  for (const { key, operator, value, values } of (scopes ?? []).flatMap(({ spec }) => spec.filters ?? [])) {
    const { pattern, negative } = COMPARED[operator] ?? COMPARED.equals;
    const sign = `${negative ? '!' : ''}${pattern ? '=~' : '=|'}`.replace('!=~', '!~');
    const filter = merged.get(`${sign}${key}`) ?? { key, operator: sign, value: '', values: [], origin: 'scope' };
    filter.values.push(...(values?.length ? values : [value]));
    filter.value = pattern ? filter.values.join('|') : filter.values[0];
    merged.set(`${sign}${key}`, filter);
  }
  return [...merged.values()];
}

/** A query grouped by further columns, where it counts. */
export function groupedBy(query: AuditQuery, keys: readonly string[]): AuditQuery {
  if (!keys.length || !('groupBy' in questionOf(understood(query).queryType).fields)) {
    return query;
  }
  return { ...query, groupBy: [...new Set([...(query.groupBy ?? []), ...keys])] };
}
