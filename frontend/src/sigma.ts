import { NONE } from './conditions';
import { LEVELS, type RuleField } from './rules';
import { quotedScalar, scalar } from './yaml';

/** What can be written at a position of a rule's text, and the text that it replaces. */
export type Position = { typed: string } & (
  | { kind: 'key'; keys: readonly string[] }
  | { kind: 'field' | 'modifier' }
  | { kind: 'value'; field: string }
  | { kind: 'word'; words: readonly string[] }
);

/** A text that can be inserted. */
export interface Completion {
  label: string;
  insert: string;
  /** A sentence about it. */
  about?: string;
}

/** The modifiers of Sigma that compare texts, numbers and addresses of events. */
const MODIFIERS = [
  'contains',
  'startswith',
  'endswith',
  'all',
  'cased',
  're',
  'i',
  'cidr',
  'exists',
  'fieldref',
  'gt',
  'gte',
  'lt',
  'lte',
  'neq',
];

/** The keys of a mapping of a rule, by its own key; those of the rule itself by none. */
const KEYS: Record<string, readonly string[]> = {
  '': [
    'title',
    'id',
    'name',
    'status',
    'description',
    'references',
    'author',
    'date',
    'tags',
    'logsource',
    'detection',
    'correlation',
    'falsepositives',
    'level',
    'audittrail',
  ],
  logsource: ['product', 'service'],
  detection: ['selection', 'filter', 'condition'],
  correlation: ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate'],
  audittrail: ['first_seen', 'times_usual', 'allow_partial_baseline', 'runbook'],
  first_seen: ['fields', 'days'],
  times_usual: ['factor', 'at_least', 'days', 'by'],
};

/** The words that a key takes, by its path. */
const WORDS: Record<string, readonly string[]> = {
  level: LEVELS,
  status: ['stable', 'test', 'experimental', 'deprecated', 'unsupported'],
  'logsource.product': ['scaleway'],
  'logsource.service': ['audit_trail'],
  'correlation.type': ['event_count', 'value_count', 'temporal', 'temporal_ordered'],
  'correlation.generate': ['true', 'false'],
  'audittrail.allow_partial_baseline': ['true', 'false'],
};

/** The words of a condition beside the names of selections. */
const CONDITION = ['and', 'or', 'not', '1 of', 'all of', 'them'];

/** A line with a key: what is before it, dashes of lists included, the key, and what follows. */
const KEY = /^([\s-]*)("[^"]*"|'[^']*'|[^\s'"#-][^:#]*?)\s*:(?:\s+(.*))?$/;

/** A key without quotes and modifiers. */
function bare(key: string): string {
  return key.replace(/^["']|["']$/g, '').split('|')[0];
}

/** The keys that lead to a column of the line after the first `end` lines. */
function pathTo(lines: readonly string[], end: number, column: number): string[] {
  const path: string[] = [];
  let within = column;
  for (let i = end - 1; i >= 0 && within > 0 && !lines[i].startsWith('---'); i--) {
    const [, lead, key] = KEY.exec(lines[i]) ?? [];
    if (key && lead.length < within) {
      path.unshift(bare(key));
      within = lead.length;
    }
  }
  return path;
}

/** The names of the selections in the last document of some lines. */
function selections(lines: readonly string[]): string[] {
  const names: string[] = [];
  lines.forEach((line, i) => {
    const [, lead, key] = KEY.exec(line) ?? [];
    if (line.startsWith('---')) {
      names.length = 0;
    } else if (key && pathTo(lines, i, lead.length).join() === 'detection') {
      names.push(bare(key));
    }
  });
  return [...new Set(names)].filter((name) => name !== 'condition');
}

/** The position at the end of a text; undefined where anything can be written. */
export function positionAt(before: string): Position | undefined {
  const lines = before.split(/\r?\n/);
  const line = lines.pop() ?? '';
  const [, lead = '', key, value] = KEY.exec(line) ?? [];
  if (key !== undefined && value !== undefined) {
    return positionOfValue(lines, pathTo(lines, lines.length, lead.length), bare(key), value);
  }
  const [, indent = '', typed = ''] = /^([\s-]*)(.*)$/.exec(line) ?? [];
  const path = pathTo(lines, lines.length, indent.length);
  const [top, , field] = path;
  if (top === 'detection' && path.length > 1) {
    if (field && indent.includes('-')) {
      return { kind: 'value', field, typed };
    }
    const modifier = /\|(\w*)$/.exec(typed)?.[1];
    return modifier === undefined ? { kind: 'field', typed } : { kind: 'modifier', typed: modifier };
  }
  const keys = KEYS[path[path.length - 1] ?? ''];
  return keys && !indent.includes('-') ? { kind: 'key', keys, typed } : undefined;
}

/** The position in the value of a key. */
function positionOfValue(lines: string[], path: string[], key: string, typed: string): Position | undefined {
  if (path[0] === 'detection') {
    if (path.length > 1) {
      return { kind: 'value', field: key, typed };
    }
    const word = /[^\s()]*$/.exec(typed)?.[0] ?? '';
    return key === 'condition' ? { kind: 'word', words: [...selections(lines), ...CONDITION], typed: word } : undefined;
  }
  const name = [...path, key].join('.');
  return Object.hasOwn(WORDS, name) ? { kind: 'word', words: WORDS[name], typed } : undefined;
}

/** A text as Sigma compares it: `*`, `?` and `\` would be wildcards and escapes. */
function sigmaText(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&');
}

/** A value of a condition that is compared as it is; in quotes, unless it is a number. */
export function comparedScalar(value: string): string {
  return /^\d{1,9}$/.test(value) ? value : quotedScalar(sigmaText(value));
}

/** A value of an event as a scalar of a condition. */
function valueScalar(value: string): string {
  if (value === NONE) {
    return 'null';
  }
  return /^\d{1,9}$/.test(value) ? value : scalar(sigmaText(value));
}

/** What is known about the fields of events. */
export interface Known {
  fields: () => Promise<RuleField[]>;
  /** The values of a field in events. */
  values: (field: string) => Promise<Array<{ value: string; label?: string }>>;
}

/** The texts that can be inserted at a position. */
export async function completions(position: Position, known: Known): Promise<Completion[]> {
  switch (position.kind) {
    case 'key':
      return position.keys.map((key) => ({ label: key, insert: `${key}: ` }));
    case 'modifier':
      return MODIFIERS.map((name) => ({ label: name, insert: name }));
    case 'word':
      return position.words.map((word) => ({ label: word, insert: word }));
    case 'field': {
      const fields = await known.fields();
      return fields.map(({ name, description }) => ({ label: name, insert: `${name}: `, about: description }));
    }
    case 'value': {
      const field = (await known.fields()).find(({ name }) => name === position.field);
      const values =
        field?.values?.map((value) => ({ value, label: undefined })) ?? (await known.values(position.field));
      return values.map(({ value, label }) => ({
        label: value,
        insert: valueScalar(value),
        about: label === value ? undefined : label,
      }));
    }
  }
}
