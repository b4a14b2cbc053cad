import { NONE, OPERATORS, type Filter } from './query';

/** The operators of an editor: those of a filter, and the two about a column's absence. */
export const ROW_OPERATORS = [...OPERATORS, 'set', 'not-set'] as const;
export type RowOperator = (typeof ROW_OPERATORS)[number];

/** A condition while it is edited: it may lack its column or its value. */
export interface Row {
  id: number;
  key: string;
  operator: RowOperator;
  values: string[];
}

const NUMERIC: readonly RowOperator[] = ['<', '<=', '>', '>='];

/** The operand of an operator. */
export type Operand = 'none' | 'one' | 'several' | 'pattern' | 'number';

export function operand(operator: RowOperator): Operand {
  switch (operator) {
    case 'set':
    case 'not-set':
      return 'none';
    case '=|':
    case '!=|':
      return 'several';
    case '=~':
    case '!~':
      return 'pattern';
    case '<':
    case '<=':
    case '>':
    case '>=':
      return 'number';
    default:
      return 'one';
  }
}

/** The operators that a column allows: only the status code is a number. */
export function operatorsOf(key: string): readonly RowOperator[] {
  return key === 'status' ? ROW_OPERATORS : ROW_OPERATORS.filter((operator) => !NUMERIC.includes(operator));
}

/** Whether a text holds a variable of the dashboard. */
export function hasVariable(text: string): boolean {
  return /\$\w|\$\{|\[\[/.test(text);
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

/** A row with another operator; what was entered stays as far as the operator takes it. */
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

/** A row as it is stored; nothing while it is unfinished, since an empty value would ask for a column's absence. */
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
