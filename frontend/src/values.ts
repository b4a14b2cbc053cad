import type { TimeRange } from '@grafana/data';
import type { ComboboxOption } from '@grafana/ui';

import { columnOf, valueName } from './columns';
import { NONE } from './conditions';
import { VERSION, type AuditQuery } from './query';
import type { AuditSource } from './source';

export type Option = ComboboxOption<string>;

/** The scope of a column's values: the other conditions of the query. */
export type Asked = Pick<AuditQuery, 'scope' | 'filters'> & { column: string };

/** A column's values in a range, as options whose value is the text that a filter compares. */
export async function columnValues(
  datasource: AuditSource,
  { column, scope, filters }: Asked,
  range: TimeRange | undefined
): Promise<Option[]> {
  const options = new Map<string, Option>();
  for (const value of columnOf(column)?.values ?? []) {
    options.set(value, { value, label: valueName(value) });
  }
  const query: AuditQuery = { refId: 'Values', version: VERSION, queryType: 'values', column, scope, filters };
  const [frame] = await datasource.ask({ ...query, withNone: true }, range);
  const texts = (name: string): unknown[] => frame?.fields.find((field) => field.name === name)?.values ?? [];
  const [labels, values] = [texts('text'), texts('value')];
  labels.forEach((label, row) => {
    // A principal is compared by its name, and two may share one; all else is compared as it is stored.
    const value = String((column === 'principal' ? label : (values[row] ?? label)) || NONE);
    if (!options.has(value)) {
      const name = String(label || NONE);
      options.set(value, name === value ? { value, label: name } : { value, label: name, description: value });
    }
  });
  return [...options.values()];
}

/** A search while typing: one answer serves all texts, and a failure is requested again. */
export function completion(ask: () => Promise<Option[]>): (typed: string) => Promise<Option[]> {
  let answer: Promise<Option[]> | undefined;
  return async (typed) => {
    answer ??= ask();
    const wanted = typed.toLowerCase();
    try {
      return (await answer).filter(({ value, label }) => `${label}\n${value}`.toLowerCase().includes(wanted));
    } catch {
      // Without a list, a field still takes text.
      answer = undefined;
      return [];
    }
  };
}
