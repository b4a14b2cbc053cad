import { columnName, columnOf, valueName } from './columns';
import { or } from './phrases';
import { hasVariable } from './references';
import { t } from './translation';

/** The value of a column that an event lacks, under `=`, `!=`, `=|` and `!=|`. */
export const NONE = '(none)';

/** The kind of value that an operator compares a column with. */
type Operand = 'none' | 'one' | 'several' | 'pattern' | 'number';

interface OperatorFacts {
  operand: Operand;
  name: () => string;
  /** A condition with the operator, as part of a sentence. */
  words: (names: { column: string; value: string }) => string;
}

const is: OperatorFacts['words'] = (names) => t('words.is', '{{column}} is {{value}}', names);
const isNot: OperatorFacts['words'] = (names) => t('words.is-not', '{{column}} is not {{value}}', names);

/** The operators of a filter, as the backend takes them. */
const FILTER_OPERATORS = {
  '=': { operand: 'one', name: () => t('operator.is', 'is'), words: is },
  '!=': { operand: 'one', name: () => t('operator.is-not', 'is not'), words: isNot },
  '=~': {
    operand: 'pattern',
    name: () => t('operator.matches', 'matches'),
    words: (names) => t('words.matches', '{{column}} matches {{value}}', names),
  },
  '!~': {
    operand: 'pattern',
    name: () => t('operator.matches-not', 'no match'),
    words: (names) => t('words.matches-not', '{{column}} does not match {{value}}', names),
  },
  '=|': { operand: 'several', name: () => t('operator.one-of', 'one of'), words: is },
  '!=|': { operand: 'several', name: () => t('operator.none-of', 'none of'), words: isNot },
  '<': {
    operand: 'number',
    name: () => t('operator.less', 'less than'),
    words: (names) => t('words.less', '{{column}} is less than {{value}}', names),
  },
  '<=': {
    operand: 'number',
    name: () => t('operator.at-most', 'at most'),
    words: (names) => t('words.at-most', '{{column}} is at most {{value}}', names),
  },
  '>': {
    operand: 'number',
    name: () => t('operator.greater', 'more than'),
    words: (names) => t('words.greater', '{{column}} is greater than {{value}}', names),
  },
  '>=': {
    operand: 'number',
    name: () => t('operator.at-least', 'at least'),
    words: (names) => t('words.at-least', '{{column}} is at least {{value}}', names),
  },
} satisfies Record<string, OperatorFacts>;

/** The operators of an editor: those of a filter, and the two about a column's absence. */
const ROW_OPERATORS = {
  ...FILTER_OPERATORS,
  set: {
    operand: 'none',
    name: () => t('operator.set', 'is set'),
    words: (names) => t('words.set', '{{column}} is set', names),
  },
  'not-set': {
    operand: 'none',
    name: () => t('operator.not-set', 'is not set'),
    words: (names) => t('words.not-set', '{{column}} is not set', names),
  },
} satisfies Record<string, OperatorFacts>;

export type Operator = keyof typeof FILTER_OPERATORS;
export type RowOperator = keyof typeof ROW_OPERATORS;

export const OPERATORS = Object.keys(FILTER_OPERATORS) as Operator[];

/** A condition on one column, from an editor, a dashboard's ad-hoc filters or a click on a log line's value. */
export interface Filter {
  key: string;
  operator: Operator;
  value: string;
  values?: string[];
}

/** A condition while it is edited: it may lack its column or its value. */
export interface Row {
  id: number;
  key: string;
  operator: RowOperator;
  values: string[];
}

/** The facts about an operator; one that this version does not know is shown by its sign. */
function facts(operator: string): OperatorFacts {
  return Object.hasOwn(ROW_OPERATORS, operator)
    ? ROW_OPERATORS[operator as RowOperator]
    : { operand: 'one', name: () => operator, words: ({ column, value }) => `${column} ${operator} ${value}` };
}

export function operand(operator: string): Operand {
  return facts(operator).operand;
}

/** An operator in a list: its sign and its name, or its name alone where the sign is not a common one. */
export function operatorOption(operator: RowOperator): { value: RowOperator; label: string; description?: string } {
  const { operand, name } = facts(operator);
  return operand === 'several' || operand === 'none'
    ? { value: operator, label: name() }
    : { value: operator, label: operator, description: name() };
}

/** The operators that a column allows. */
export function operatorsOf(key: string): RowOperator[] {
  const all = Object.keys(ROW_OPERATORS) as RowOperator[];
  return columnOf(key)?.numeric ? all : all.filter((operator) => operand(operator) !== 'number');
}

/** Whether a text is a number, or a variable that may stand for one. */
export function isNumber(text: string): boolean {
  return hasVariable(text) || (text.trim() !== '' && Number.isFinite(Number(text)));
}

/** A row with another column; an operator that the column does not allow becomes "is". */
export function withKey(row: Row, key: string): Row {
  const operator = operatorsOf(key).includes(row.operator) ? row.operator : '=';
  return { ...row, key, operator, values: key === row.key ? row.values : [] };
}

/** A row with another operator, and with the entered values that the operator takes. */
export function withOperator(row: Row, operator: RowOperator): Row {
  switch (operand(operator)) {
    case 'none':
      return { ...row, operator, values: [] };
    case 'several':
      return { ...row, operator };
    case 'number':
      return { ...row, operator, values: row.values.slice(0, 1).filter(isNumber) };
    default:
      return { ...row, operator, values: row.values.slice(0, 1) };
  }
}

/** A stored filter as a row. */
export function rowOf({ key, operator, value, values }: Filter, id: number): Row {
  const row = { id, key };
  switch (operand(operator)) {
    case 'several':
      return { ...row, operator, values: values ?? [] };
    case 'one':
      return ['', NONE].includes(value)
        ? { ...row, operator: operator === '=' ? 'not-set' : 'set', values: [] }
        : { ...row, operator, values: [value] };
    default:
      return { ...row, operator, values: value === '' ? [] : [value] };
  }
}

/** A row as it is stored; nothing while it is unfinished, since an empty value would select a column's absence. */
export function filterOf({ key, operator, values }: Row): Filter | undefined {
  if (!key) {
    return undefined;
  }
  if (operator === 'set' || operator === 'not-set') {
    return { key, operator: operator === 'set' ? '!=' : '=', value: NONE };
  }
  const [value] = values;
  if (!value) {
    return undefined;
  }
  return operand(operator) === 'several' ? { key, operator, value, values } : { key, operator: operator, value };
}

/** The rows that are finished, as they are stored. */
export function filtersOf(rows: Row[]): Filter[] {
  return rows.flatMap((row) => filterOf(row) ?? []);
}

/** The name behind an id, where it is known. */
export type Names = (id: string) => string | undefined;

/** A filter, as part of a sentence. */
export function conditionWords(filter: Filter, nameOf: Names = () => undefined): string {
  const column = columnName(filter.key);
  const values = operand(filter.operator) === 'several' ? (filter.values ?? []) : [filter.value];
  const value = or(values.map((text) => nameOf(text) ?? valueName(text || NONE)));
  // Absence is a value like others where it is one of several.
  const absent = ['one', 'several'].includes(operand(filter.operator)) && value === NONE;
  const operator = absent ? (filter.operator.startsWith('!') ? 'set' : 'not-set') : filter.operator;
  return facts(operator).words({ column, value });
}
