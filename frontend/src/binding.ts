import type { ScopeList } from './scope';

/** A variable of the dashboard that selects the resource, project or region that the dashboard shows. */
interface Binding {
  variable: string;
  list: ScopeList;
}

/** The labels of Scaleway's metrics, and our own columns, that name what a dashboard is about. */
const NAMED: Record<string, ScopeList> = {
  resource_id: 'resourceIds',
  resource_name: 'resourceNames',
  project_id: 'projects',
  project: 'projects',
  region: 'regions',
};

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
export function bindings(variables: ReadonlyArray<{ name: string; query?: unknown }>): Binding[] {
  return variables.flatMap((variable) => {
    const name = variable.name.toLowerCase();
    const list = NAMED[name] ?? NAMED[source(variable.query) ?? ''];
    return list ? [{ variable: variable.name, list }] : [];
  });
}
