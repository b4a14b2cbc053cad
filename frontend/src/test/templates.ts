import { dateTime, type ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

/** A variable of a dashboard; a text or a list of texts is short for one of type query with that value. */
export interface FakeVariable {
  type?: string;
  value?: unknown;
  options?: Array<{ text: string; value: string; properties?: Record<string, string> }>;
  includeAll?: boolean;
  /** The custom value of the dashboard's author for All. */
  allValue?: string;
  regex?: string;
  datasource?: unknown;
  filters?: unknown[];
  originFilters?: unknown[];
}
export type FakeVariables = Record<string, string | string[] | FakeVariable>;

type Formatter = (value: unknown, variable: { name: string; includeAll?: boolean }) => string;

const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const strict = (text: string) => text.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const joined = (separator: string) => (value: unknown) => list(value).join(separator);
const each = (change: (text: string) => string) => (value: unknown) => list(value).map(String).map(change).join(',');

/** Grafana's formats, as its registry of 12.4 has them. */
const FORMATS: Record<string, (value: unknown, args: string[], name: string) => string> = {
  raw: String,
  csv: joined(','),
  pipe: joined('|'),
  join: (value, [separator = ',']) => list(value).join(separator),
  json: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  glob: (value) => (Array.isArray(value) && value.length > 1 ? `{${value.join(',')}}` : String(value)),
  distributed: (value, _, name) =>
    list(value)
      .map((one, i) => (i ? `${name}=${one}` : one))
      .join(','),
  doublequote: each((text) => `"${text.replaceAll('"', '\\"')}"`),
  singlequote: each((text) => `'${text.replaceAll("'", "\\'")}'`),
  sqlstring: each((text) => `'${text.replaceAll("'", "''").replaceAll('"', '\\"')}'`),
  html: (value) => list(value).join(', ').replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
  lucene: (value) => {
    const escaped = (text: string) => text.replace(/([!*+\-=<>\s&|()[\]{}^~?:\\/"])/g, '\\$1');
    return Array.isArray(value) ? `(${value.map((v) => `"${escaped(v)}"`).join(' OR ')})` : escaped(String(value));
  },
  regex: (value) => {
    const escaped = list(value).map((one) => String(one).replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
    return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
  },
  percentencode: (value) => strict(encodeURIComponent(Array.isArray(value) ? `{${value.join(',')}}` : String(value))),
  uriencode: (value) => strict(encodeURI(Array.isArray(value) ? `{${value.join(',')}}` : String(value))),
  queryparam: (value, _, name) =>
    list(value)
      .map((one) => `var-${name}=${strict(encodeURIComponent(String(one)))}`)
      .join('&'),
  customqueryparam: (value, [own, prefix = ''], name) =>
    list(value)
      .map((one) => `${own || name}=${prefix}${strict(encodeURIComponent(String(one)))}`)
      .join('&'),
  date: (value, [format = 'iso', ...rest]) => {
    const time = Number(value);
    return format === 'seconds'
      ? String(Math.round(time / 1000))
      : format === 'iso'
        ? dateTime(time).toISOString()
        : format === 'ms'
          ? String(value)
          : dateTime(time).format([format, ...rest].join(':'));
  },
};

/** The values of Grafana's own variables, by their field. */
const BUILT_IN: Record<string, Record<string, unknown>> = {
  __from: { '': 1594671549254 },
  __to: { '': 1594675149254 },
  __timezone: { '': 'Europe/Paris' },
  __dashboard: { '': 'Incident', uid: 'incident', title: 'Incident' },
  __user: { '': '7', id: '7', login: 'ann', email: 'ann@example.com' },
  __org: { '': '1', name: 'Main Org.' },
};

/** Grafana's variables: their replacement as scenes do it. */
export function fakeTemplates(given: FakeVariables = {}): TemplateSrv {
  const variables = Object.entries(given).map(([name, variable]) => {
    const { type = 'query', ...rest }: FakeVariable =
      typeof variable === 'string' || Array.isArray(variable) ? { value: variable } : variable;
    return { name, type, ...rest };
  });

  function found(name: string, path: string | undefined, scoped: ScopedVars) {
    const own = scoped[name];
    if (own) {
      return { value: own.value, text: String(own.text ?? own.value) };
    }
    const builtIn = BUILT_IN[name];
    if (builtIn) {
      return { value: builtIn[path ?? ''] ?? builtIn[''], text: '' };
    }
    const variable = variables.find((variable) => variable.name === name);
    if (!variable || variable.value === undefined) {
      return undefined;
    }
    const { options = [], value, allValue, includeAll } = variable;
    if (list(value)[0] === '$__all') {
      return { value: options.map((option) => option.value), text: 'All', verbatim: allValue, includeAll };
    }
    const option = (one: unknown) => options.find((option) => option.value === one);
    const text = list(value)
      .map((one) => option(one)?.text ?? one)
      .join(' + ');
    const of = (one: unknown) => (path && option(one) ? option(one)?.properties?.[path] : one);
    return { value: Array.isArray(value) ? value.map(of) : of(value), text, includeAll };
  }

  function replace(target = '', scoped: ScopedVars = {}, format?: string | Formatter): string {
    return target.replace(REFERENCE, (match, plain, bracketed, bracketedFormat, braced, path, bracedFormat) => {
      const name: string = plain ?? bracketed ?? braced;
      const variable = found(name, path, scoped);
      if (!variable) {
        return match;
      }
      const { value, text, verbatim, includeAll } = variable;
      const how: string | Formatter = bracketedFormat ?? bracedFormat ?? format ?? 'glob';
      if (verbatim !== undefined) {
        return how === 'text' ? text : replace(verbatim, scoped);
      }
      if (value === null || value === undefined) {
        return '';
      }
      if (typeof how === 'function') {
        return how(value, { name, includeAll });
      }
      const [id, ...args] = how.split(':');
      return id === 'text' ? text : (FORMATS[id] ?? FORMATS.glob)(value, args, name);
    });
  }

  return {
    replace,
    containsTemplate: (text?: string) => new RegExp(REFERENCE.source).test(text ?? ''),
    getVariables: () =>
      variables.map(({ value, ...variable }) => ({ ...variable, current: { value: value ?? '', text: value ?? '' } })),
    updateTimeRange: () => undefined,
  } as unknown as TemplateSrv;
}
