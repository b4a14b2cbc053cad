import type { ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

import { operand, type Filter } from './conditions';
import type { AuditQuery } from './query';
import { FIELDS, isSelection, type Amount, type Field } from './questions';
import { parse, type Reference } from './references';
import { EXCLUDED_LISTS, SCOPE_LISTS, textsOf, withList, withTexts, type Scope } from './scope';

/** The value of a variable that is set to All. */
const ALL = '$__all';

/** The name of All, which Grafana gives as the text of such a variable. */
const ALL_TEXT = 'All';

/** The text of dashboards for "all values" that are not listed. */
const EVERYTHING = [ALL, '.*', '.+', '*'];

/** All addresses, as networks. */
const EVERY_ADDRESS = ['0.0.0.0/0', '::/0'];

/** The most texts of a list of a query; the backend refuses a longer list by name. */
const MOST_VALUES = 1000;

/** Prometheus' shortest window of a rate, which has at least two of Cockpit's samples, one a minute. */
const RATE_INTERVAL = '4m';

/** The values of a variable. */
interface Value {
  /** Whether the variable is set to All and All is everything. */
  all: boolean;
  /** Its values as they are; of All as far as they are known. */
  raw: string[];
  /** Its values, each in the reference's format. */
  texts: () => string[];
  /** Whether the dashboard's author wrote the text that replaces the variable, as is possible for All. */
  verbatim: boolean;
}

/** The values of a list's entries. */
interface Listed {
  /** Whether an entry matches everything, so that the list restricts nothing. */
  all: boolean;
  values: string[];
  /** The variables without a value that are whole entries. */
  empty: string[];
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const isAllValue = (value: unknown) => asList(value)[0] === ALL;

const escaped = (text: string) => text.replace(/[\\^$*+?.()|[\]{}/-]/g, '\\$&');

/** Replaces variables by their values, wherever a query may have variables. */
export class Interpolation {
  private known?: Map<string, TypedVariableModel>;

  constructor(
    private readonly templates: TemplateSrv,
    private readonly scopedVars: ScopedVars
  ) {}

  /** A text with its variables replaced; several values are joined with commas. */
  text(text: string): string {
    return this.templates.replace(text, this.scopedVars, 'csv');
  }

  /** The dashboard's variable of a name, where Grafana lists it. */
  private variable(name: string): TypedVariableModel | undefined {
    this.known ??= new Map(this.templates.getVariables().map((variable) => [variable.name, variable]));
    return this.known.get(name);
  }

  private isAll(name: string, includesAll: boolean): boolean {
    const scoped = this.scopedVars[name];
    if (scoped) {
      return isAllValue(scoped.value);
    }
    const variable = this.variable(name);
    const chosen = variable && 'current' in variable ? isAllValue(variable.current.value) : includesAll;
    // A repeated panel has a value of its own where the dashboard's variable is set to All.
    return chosen && this.templates.replace(`\${${name}:text}`, this.scopedVars) === ALL_TEXT;
  }

  /**
   * Whether All is no more than the variable's options: the dashboard's author has written the list, or has narrowed it.
   * Other lists have the values of the time when they were fetched; All includes later ones.
   */
  private isNarrowed(name: string): boolean {
    const variable = this.variable(name);
    return variable?.type === 'custom' || (variable?.type === 'query' && Boolean(variable.regex));
  }

  /** The texts by which the dashboard shows a variable's values. */
  private labels(name: string, values: string[]): string[] {
    const variable = this.scopedVars[name] ? undefined : this.variable(name);
    if (!variable) {
      const texts = this.templates.replace(`\${${name}:text}`, this.scopedVars).split(' + ');
      return values.length === 1 ? [texts.join(' + ')] : texts.length === values.length ? texts : values;
    }
    const options = 'options' in variable ? (variable.options ?? []) : [];
    const current = 'current' in variable && 'text' in variable.current ? variable.current : undefined;
    const chosen = asList(current?.value).map(String);
    return values.map((value) => {
      const option = options.find((option) => String(option.value) === value);
      return String(option?.text ?? asList(current?.text)[chosen.indexOf(value)] ?? value);
    });
  }

  /** Values in a format, each by itself; Grafana formats them. */
  private formatted(name: string, format: string, values: string[], path?: string): string[] {
    // A value's property has no text of its own.
    const labels = path || format !== 'text' ? values : this.labels(name, values);
    return values.map((value, row) => {
      const scopedVars = { ...this.scopedVars, [name]: { value, text: labels[row] } };
      return this.templates.replace(`\${${name}:${format}}`, scopedVars);
    });
  }

  /** The values of a reference; undefined without such a variable. */
  private value({ source, name, path, format }: Reference): Value | undefined {
    if (name.startsWith('__')) {
      return this.builtIn(name, source);
    }
    const bare = `\${${path ? `${name}.${path}` : name}}`;
    let taken: unknown;
    let asked = false;
    let includesAll = false;
    const take = (value: unknown, variable?: { includeAll?: boolean }) => {
      taken = value;
      asked = true;
      includesAll = Boolean(variable?.includeAll);
      return '';
    };
    const replaced = this.templates.replace(bare, this.scopedVars, take);
    if (!asked && replaced === bare) {
      return undefined;
    }
    const verbatim = !asked;
    const found = asked ? asList(taken) : [replaced];
    const raw = found.filter((value) => value !== null && value !== undefined && value !== '').map(String);
    const texts = () => (format === undefined || verbatim ? raw : this.formatted(name, format, raw, path));
    if (!this.isAll(name, includesAll)) {
      return { all: false, raw, texts, verbatim };
    }
    const custom = verbatim || (raw.length === 1 && isAllValue(raw));
    if (custom && raw.some((value) => EVERYTHING.includes(value.trim()))) {
      const options = this.options(name);
      return { all: true, raw: options, texts: () => options, verbatim };
    }
    return { all: !custom && !this.isNarrowed(name), raw, texts, verbatim };
  }

  /** One of Grafana's own variables: they have one value, and some have formats of their own. */
  private builtIn(name: string, source: string): Value | undefined {
    const text = this.templates.replace(source, this.scopedVars, 'csv');
    if (text !== source) {
      return { all: false, raw: [text], texts: () => [text], verbatim: false };
    }
    // Grafana replaces the searched text only while one is typed.
    return name === '__searchFilter' ? { all: true, raw: [], texts: () => [], verbatim: true } : undefined;
  }

  /** The values of All if a dashboard has a pattern for it; a pattern if they are unknown. */
  private options(name: string): string[] {
    const variable = this.variable(name);
    const options = variable && 'options' in variable ? (variable.options ?? []) : [];
    const values = options.flatMap(({ value }) => value).filter((value) => value && value !== ALL);
    return values.length ? values.map(String) : ['*'];
  }

  /** All combinations of the texts of an entry's parts. */
  private combined(parts: Array<string | Reference>): string[] {
    return parts.reduce<string[]>(
      (texts, part) => {
        const values = typeof part === 'string' ? [part] : this.partTexts(part);
        // One too many is enough for the backend to refuse the list.
        return texts.flatMap((text) => values.map((value) => text + value)).slice(0, MOST_VALUES + 1);
      },
      ['']
    );
  }

  private partTexts(reference: Reference): string[] {
    const value = this.value(reference);
    if (!value) {
      return [reference.source];
    }
    const texts = value.texts();
    return texts.length ? texts : [''];
  }

  /** All texts of an entry: one, or one for each value of a variable with several. */
  texts(entry: string): string[] {
    return this.combined(parse(entry));
  }

  /** The values of a list's entries; an entry that is one variable without a value has none. */
  listed(entries: string[]): Listed {
    const values = new Set<string>();
    const empty = new Set<string>();
    for (const entry of entries) {
      const parts = parse(entry.trim());
      const references = parts.filter((part) => typeof part !== 'string');
      const [only] = parts;
      const value = parts.length === 1 && typeof only === 'object' ? this.value(only) : undefined;
      if (value?.all || value?.raw.some((raw) => EVERYTHING.includes(raw.trim())) || entry.trim() === ALL) {
        return { all: true, values: [], empty: [] };
      }
      const texts = (value ? value.texts() : this.combined(parts)).map((text) => text.trim()).filter(Boolean);
      texts.forEach((text) => values.add(text));
      if (!texts.length) {
        references.forEach(({ name }) => empty.add(name));
      }
    }
    return { all: false, values: [...values], empty: values.size ? [] : [...empty] };
  }

  private amount(amount: string): Amount | undefined {
    const text = this.text(amount).trim();
    const number = Number(text);
    // A text that is no number is sent as it is: the backend's error names the field and the allowed values.
    return text === '' ? undefined : Number.isFinite(number) ? number : text;
  }

  /** A scope with its values, and the variables without one that would have to select something. */
  scope(scope: Scope): { scope: Scope; empty: string[] } {
    let result: Scope = {};
    const empty: string[] = [];
    for (const name of SCOPE_LISTS) {
      const listed = this.listed(scope[name] ?? []);
      if (listed.values.length) {
        result[name] = listed.values;
      }
      empty.push(...listed.empty);
    }
    for (const name of EXCLUDED_LISTS) {
      // A variable without a value excludes nothing.
      const { all, values } = this.listed(scope[name] ?? []);
      result = withList(result, name, all ? EVERY_ADDRESS : values);
    }
    const text = this.listed(textsOf(scope.text));
    // Every event contains the text of an empty search box.
    empty.push(...text.empty.filter((name) => this.variable(name)?.type !== 'textbox'));
    result = withTexts(result, 'text', text.values);
    const excluded = textsOf(scope.notText).flatMap((entry) =>
      this.texts(entry).filter((one) => one === entry || !EVERYTHING.includes(one.trim()))
    );
    return {
      scope: withTexts(
        result,
        'notText',
        excluded.map((one) => one.trim())
      ),
      empty,
    };
  }

  /** A regular expression in which each variable matches any of its values. */
  private pattern(text: string): string {
    return this.alternatives(text, ({ verbatim, raw }) => {
      const texts = verbatim ? raw : raw.map(escaped);
      return texts.length === 1 ? texts[0] : `(${texts.join('|')})`;
    });
  }

  /** A PromQL expression: several values of a variable are alternatives of a regular expression, in a string. */
  private promql(text: string): string {
    const join = ({ raw }: Value) =>
      raw.length > 1 ? `(${raw.map((one) => escaped(one).replaceAll('\\', '\\\\')).join('|')})` : raw.join('');
    return this.alternatives(text, join, { __rate_interval: RATE_INTERVAL });
  }

  /** A text in which `join` writes the values of each variable, but for variables with a fixed text. */
  private alternatives(text: string, join: (value: Value) => string, fixed: Record<string, string> = {}): string {
    const parts = parse(text).map((part) => {
      if (typeof part === 'string') {
        return part;
      }
      if (Object.hasOwn(fixed, part.name)) {
        return fixed[part.name];
      }
      const value = this.value(part);
      if (!value) {
        return part.source;
      }
      if (value.all) {
        return '.*';
      }
      if (part.format !== undefined) {
        // The reference's own format joins and escapes the values.
        return this.templates.replace(part.source, this.scopedVars);
      }
      return join(value);
    });
    return parts.join('');
  }

  /**
   * A filter with its values; a variable with several makes it "one of".
   *
   * No filter where it restricts nothing, and the variables without a value where it could match nothing else.
   */
  filter(filter: Filter): { filter?: Filter; empty: string[] } {
    const key = this.text(filter.key);
    const { operator } = filter;
    const negative = operator.startsWith('!');
    const several = operand(operator) === 'several';
    const entries = (several && filter.values) || [filter.value];
    const { all, values, empty } = this.listed(entries);
    if (all) {
      // Excluding all values selects no event.
      return negative ? { filter: { key, operator: '!~', value: '.*' }, empty: [] } : { empty: [] };
    }
    if (!values.length && empty.length) {
      return { empty: negative ? [] : empty };
    }
    if (operand(operator) === 'pattern') {
      return { filter: { key, operator, value: this.pattern(filter.value) }, empty: [] };
    }
    if (several || (values.length > 1 && (operator === '=' || operator === '!='))) {
      return { filter: { key, operator: negative ? '!=|' : '=|', value: values[0] ?? '', values }, empty: [] };
    }
    // Several numbers are no number: the backend's error names them.
    return { filter: { key, operator, value: values.join(',') }, empty: [] };
  }

  /** The columns to group by; All is each of the variable's columns, and no value is no grouping. */
  private columns(entries: string[]): string[] {
    return [...new Set(entries.flatMap((entry) => this.texts(entry)))].filter(Boolean);
  }

  /** The value of a field that only some questions have; undefined where nothing is left of it. */
  private field(kind: Field['kind'], value: unknown): unknown {
    if (kind === 'columns') {
      return Array.isArray(value) ? this.columns(value.map(String)) : value;
    }
    if (typeof value !== 'string' || kind === 'sigma') {
      return value;
    }
    if (kind === 'amount') {
      return this.amount(value);
    }
    if (kind === 'promql') {
      return this.promql(value).trim() || undefined;
    }
    const text = this.text(value);
    return kind === 'text' ? text.trim() || undefined : text;
  }

  query(query: AuditQuery): AuditQuery {
    const result: AuditQuery = { ...query };
    const empty = new Set(query.emptyVariables);
    if (query.scope) {
      const scope = this.scope(query.scope);
      result.scope = scope.scope;
      scope.empty.forEach((name) => empty.add(name));
    }
    if (query.filters) {
      const filters = query.filters.map((filter) => this.filter(filter));
      result.filters = filters.flatMap(({ filter }) => filter ?? []);
      filters.forEach((filter) => filter.empty.forEach((name) => empty.add(name)));
    }
    for (const [name, field] of Object.entries(FIELDS)) {
      const value: unknown = query[name as keyof AuditQuery];
      if (isSelection(field) && Array.isArray(value)) {
        const listed = this.listed(value.map(String));
        Object.assign(result, { [name]: listed.values.length ? listed.values : undefined });
        listed.empty.forEach((variable) => empty.add(variable));
      } else if (name in query) {
        Object.assign(result, { [name]: this.field(field.kind, value) });
      }
    }
    if (empty.size) {
      result.emptyVariables = [...empty];
    }
    return result;
  }
}
