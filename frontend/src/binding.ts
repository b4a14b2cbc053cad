import type { TemplateSrv } from '@grafana/runtime';

import { Interpolation } from './interpolation';
import { alternatives, matchers, type Matcher } from './promql';
import type { AuditQuery } from './query';
import { questionOf } from './questions';
import { parse, reference } from './references';
import { SCOPE_LISTS, withList, type Scope, type ScopeList } from './scope';
import { withShape } from './shapes';

/** A variable of the dashboard that selects the resource, project or region that the dashboard shows. */
interface Bindable {
  variable: string;
  list: ScopeList;
}

/** The part of a scope that selects what a panel or a dashboard is about, and where it was read. */
export interface Binding {
  scope: Scope;
  /** The refIds of the panel's queries that select it; none where the dashboard's variables do. */
  queries: string[];
}

/** Another query of a panel, of any data source. */
export interface Other {
  refId: string;
  expr?: unknown;
}

/** The labels of Scaleway's metrics, and our own columns, that name what a dashboard is about. */
const NAMED: Record<string, ScopeList> = {
  resource_id: 'resourceIds',
  resource_name: 'resourceNames',
  project_id: 'projects',
  project: 'projects',
  region: 'regions',
};

/** Prometheus' label of the host that a series is about, with or without a port. */
const INSTANCE = 'instance';

/** The lists that a binding has: those of the first group of which anything is known. */
const PREFERENCES: ScopeList[][] = [['resourceIds'], ['resourceNames'], ['projects', 'regions']];

/** The label or column that a variable's own query takes its values from. */
function source(query: unknown): string | undefined {
  if (typeof query === 'string') {
    return /label_values\(.*?(\w+)\s*\)\s*$/.exec(query)?.[1];
  }
  if (typeof query !== 'object' || query === null) {
    return undefined;
  }
  if ('column' in query && typeof query.column === 'string') {
    return query.column;
  }
  return 'query' in query ? source(query.query) : undefined;
}

/** The variables that events can follow, by their name or by the label or column of their values. */
export function bindings(variables: ReadonlyArray<{ name: string; query?: unknown }>): Bindable[] {
  return variables.flatMap((variable) => {
    const name = variable.name.toLowerCase();
    const list = NAMED[name] ?? NAMED[source(variable.query) ?? ''];
    return list ? [{ variable: variable.name, list }] : [];
  });
}

/** The scope that has the entries of the most specific lists. */
function preferred(entries: Array<[list: ScopeList, entry: string]>): Scope | undefined {
  const lists = PREFERENCES.find((lists) => entries.some(([list]) => lists.includes(list)));
  return lists?.reduce<Scope>((scope, list) => {
    const values = entries.filter(([of]) => of === list).map(([, entry]) => entry);
    return withList(scope, list, [...new Set(values)]);
  }, {});
}

/** The entries of a list that select what a matcher selects; none where they cannot. */
function entriesOf({ operator, value }: Matcher, isVariable: (name: string) => boolean): string[] {
  const known: string[] = [];
  const parts = parse(value).map((part) => {
    if (typeof part === 'string') {
      return part;
    }
    if (!isVariable(part.name)) {
      return undefined;
    }
    // A list takes the values as they are, and not as a pattern has them.
    known.push(reference(part.path ? `${part.name}.${part.path}` : part.name));
    // A character that no name has.
    return String.fromCharCode(0xe000 + known.length - 1);
  });
  if (!value || parts.includes(undefined)) {
    return [];
  }
  const text = parts.join('');
  const texts = operator === '=~' ? (alternatives(text) ?? []) : operator === '=' ? [text] : [];
  return texts.map((one) => one.replace(/[\ue000-\uf8ff]/g, (char) => known[char.charCodeAt(0) - 0xe000] ?? char));
}

/** The host of Prometheus' `instance`; undefined of an address, which is the name of no resource. */
function hostOf(instance: string): string | undefined {
  const host = instance.replace(/:\d+$/, '');
  return /^(localhost|[\d.]+)$|:/.test(host) ? undefined : host;
}

/** The entry that selects a host by its name. */
function hostEntry(entry: string, templates: TemplateSrv): string | undefined {
  const { all, values } = new Interpolation(templates, {}).listed([entry]);
  const isVariable = parse(entry).some((part) => typeof part === 'object');
  if (!isVariable) {
    return hostOf(entry);
  }
  // The values of a variable cannot be changed.
  return !all && values.length && values.every((value) => hostOf(value) === value) ? entry : undefined;
}

/** The resource, or else the project and region, that the selectors of a panel's other queries select. */
function ofQueries(others: readonly Other[], templates: TemplateSrv): Binding | undefined {
  const variables = new Set(templates.getVariables().map(({ name }) => name));
  const found = others.flatMap(({ refId, expr }) =>
    (typeof expr === 'string' ? matchers(expr) : []).flatMap((matcher) =>
      entriesOf(matcher, (name) => variables.has(name)).map((entry) => ({ refId, label: matcher.label, entry }))
    )
  );
  const named = found.flatMap((one) => (Object.hasOwn(NAMED, one.label) ? [{ ...one, list: NAMED[one.label] }] : []));
  const hosts = found.flatMap(({ refId, label, entry }) => {
    const host = label === INSTANCE && hostEntry(entry, templates);
    return host ? [{ refId, entry: host, list: 'resourceNames' as const }] : [];
  });
  const names = named.some(({ list }) => list === 'resourceNames' || list === 'resourceIds') ? [] : hosts;
  const all = [...named, ...names];
  const scope = preferred(all.map(({ list, entry }) => [list, entry]));
  const queries = all.filter(({ list }) => scope?.[list]).map(({ refId }) => refId);
  return scope && { scope, queries: [...new Set(queries)] };
}

/** What a panel's other queries are about, or else what the dashboard's variables choose. */
export function bindingOf(templates: TemplateSrv, others: readonly Other[]): Binding | undefined {
  const scope = preferred(bindings(templates.getVariables()).map(({ variable, list }) => [list, reference(variable)]));
  return ofQueries(others, templates) ?? (scope && { scope, queries: [] });
}

/** The resources of a binding, as the target of an investigation. */
function targetOf({ scope: { resourceIds = [], resourceNames = [] } }: Binding): string[] {
  return [...resourceIds, ...resourceNames];
}

function hasTarget({ queryType }: AuditQuery): boolean {
  return 'target' in questionOf(queryType).fields;
}

/** Whether no condition of a query was ever set; one that was removed leaves an empty scope. */
export function isUnbound({ scope, filters, target }: AuditQuery): boolean {
  return scope === undefined && !filters?.length && target === undefined;
}

/** A query about what a binding selects. An investigation has it as its target: actions on other resources stay candidates. */
export function withBinding(query: AuditQuery, binding: Binding): AuditQuery {
  if (!hasTarget(query)) {
    return { ...query, scope: { ...query.scope, ...binding.scope } };
  }
  const target = targetOf(binding);
  return target.length ? { ...query, target } : query;
}

const includes = (values: string[] | undefined, entries: string[] = []) =>
  entries.every((entry) => values?.includes(entry));

/** Whether a query is about what a binding selects. */
export function isBound(query: AuditQuery, binding: Binding): boolean {
  if (hasTarget(query)) {
    const target = targetOf(binding);
    return target.length > 0 && includes(query.target, target);
  }
  return SCOPE_LISTS.every((list) => includes(query.scope?.[list], binding.scope[list]));
}

/**
 * A query with another shape, and with what a binding selects where the query is new or becomes an overlay, unless a condition
 * was set before. Each question has the resource in its own field.
 */
export function withBoundShape(
  query: AuditQuery,
  shape: string,
  binding: Binding | undefined,
  isNew: boolean
): AuditQuery {
  const shaped = withShape(query, shape);
  if (!binding) {
    return shaped;
  }
  if (isNew && isBound(query, binding)) {
    return withBinding(withShape(withoutBinding(query, binding), shape), binding);
  }
  return isUnbound(query) && (isNew || shaped.overlay) ? withBinding(shaped, binding) : shaped;
}

/** A query without what a binding selects. */
export function withoutBinding(query: AuditQuery, binding: Binding): AuditQuery {
  const without = (values: string[] = [], entries: string[] = []) => values.filter((value) => !entries.includes(value));
  const target = without(query.target, targetOf(binding));
  if (hasTarget(query)) {
    return { ...query, scope: query.scope ?? {}, target: target.length ? target : undefined };
  }
  const scope = SCOPE_LISTS.reduce<Scope>(
    (scope, list) => (binding.scope[list] ? withList(scope, list, without(scope[list], binding.scope[list])) : scope),
    query.scope ?? {}
  );
  return { ...query, scope };
}
