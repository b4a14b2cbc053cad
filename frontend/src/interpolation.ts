import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

import { SCOPE_LISTS, textsOf, withTexts, type Amount, type AuditQuery, type Filter, type Scope } from './query';

/** What dashboards use for "all values" where they do not list them. */
const EVERYTHING = ['$__all', '.*', '.+', '*'];

/** Puts values in the place of variables, wherever a variable can stand. */
export class Interpolation {
  constructor(
    private readonly templates: TemplateSrv,
    private readonly scopedVars: ScopedVars
  ) {}

  /** A text with its variables replaced; several values are joined with commas. */
  text(text: string): string {
    return this.templates.replace(text, this.scopedVars, 'csv');
  }

  /** All texts that an entry stands for: one, or one for each value of a variable with several. */
  texts(entry: string): string[] {
    const found: string[][] = [];
    const hold = (value: unknown) => {
      found.push((Array.isArray(value) ? value : [value]).map(String));
      return `\u0000${found.length - 1}\u0000`;
    };
    // A format of the variable's own, as in ${name:csv}, would join the values into one text.
    const plain = entry.replace(/\$\{(\w+):[^}]*\}/g, '${$1}').replace(/\[\[(\w+):[^\]]*\]\]/g, '[[$1]]');
    const held = this.templates.replace(plain, this.scopedVars, hold);
    const parts = held.split('\u0000');
    return parts.reduce<string[]>(
      (texts, part, i) =>
        i % 2 === 0
          ? texts.map((text) => text + part)
          : texts.flatMap((text) => found[Number(part)].map((value) => text + value)),
      ['']
    );
  }

  /** A list with each entry's values; a variable without a value, or set to "all", does not restrict anything. */
  list(entries: string[]): string[] {
    const values = new Set<string>();
    for (const entry of entries) {
      for (const value of this.texts(entry)) {
        if (value !== entry && EVERYTHING.includes(value)) {
          return [];
        }
        values.add(value.trim());
      }
    }
    values.delete('');
    return [...values];
  }

  amount(amount: Amount | undefined): Amount | undefined {
    if (typeof amount !== 'string') {
      return amount;
    }
    const text = this.text(amount).trim();
    const number = Number(text);
    // What is no number is sent as it is: the backend's error names the field and what is allowed.
    return text === '' ? undefined : Number.isFinite(number) ? number : text;
  }

  scope(scope: Scope): Scope {
    let result: Scope = {};
    for (const name of SCOPE_LISTS) {
      const list = this.list(scope[name] ?? []);
      if (list.length) {
        result[name] = list;
      }
    }
    for (const name of ['text', 'notText'] as const) {
      result = withTexts(result, name, this.list(textsOf(scope[name])));
    }
    return result;
  }

  /** A filter with its values; one value that stands for several becomes "one of". */
  filter(filter: Filter): Filter {
    const key = this.text(filter.key);
    if (filter.operator === '=~' || filter.operator === '!~') {
      return { ...filter, key, value: this.templates.replace(filter.value, this.scopedVars, 'regex') };
    }
    const values = (filter.values ?? [filter.value]).flatMap((value) => this.texts(value));
    const negative = filter.operator.startsWith('!');
    if (values.length > 1 || filter.values) {
      return { key, operator: negative ? '!=|' : '=|', value: values[0] ?? '', values };
    }
    return { ...filter, key, value: values[0] ?? '' };
  }

  query(query: AuditQuery): AuditQuery {
    const result: AuditQuery = { ...query };
    if (query.scope) {
      result.scope = this.scope(query.scope);
    }
    if (query.filters) {
      result.filters = query.filters.map((filter) => this.filter(filter));
    }
    if (query.groupBy) {
      result.groupBy = this.list(query.groupBy);
    }
    if (query.column) {
      result.column = this.text(query.column);
    }
    for (const name of ['cap', 'limit', 'groupLimit'] as const) {
      const amount = this.amount(query[name]);
      if (amount === undefined) {
        delete result[name];
      } else {
        result[name] = amount;
      }
    }
    return result;
  }
}
