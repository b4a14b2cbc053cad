import { css } from '@emotion/css';
import type { GrafanaTheme2, TimeRange } from '@grafana/data';
import { AccessoryButton, InputGroup } from '@grafana/plugin-ui';
import { FieldValidationMessage, useStyles2 } from '@grafana/ui';
import React, { useId, useMemo, useState } from 'react';

import { columnName, COLUMNS, valueName } from '../columns';
import {
  conditionWords,
  filterOf,
  filtersOf,
  isNumber,
  operand,
  operatorOption,
  operatorsOf,
  rowOf,
  withKey,
  withOperator,
  type Filter,
  type Row,
  type RowOperator,
} from '../conditions';
import type { AuditQuery } from '../query';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { columnValues, completion, type Option } from '../values';
import { Choice, Choices } from './Choice';
import { CommitInput, useCommit } from './CommitInput';
import { KeepTyped } from './KeepTyped';
import { variableOptions, withVariables } from './ListPicker';
import { useFocus } from './useFocus';

/** The rows of an editor: the query's filters, and those that are not finished yet. */
export function useRows(filters: Filter[] | undefined, onChange: (filters: Filter[] | undefined) => void) {
  const [next, setNext] = useState(filters?.length ?? 0);
  const [rows, setRows] = useState<Row[]>(() => (filters ?? []).map(rowOf));
  const stored = JSON.stringify(filtersOf((filters ?? []).map(rowOf)));
  const [seen, setSeen] = useState(stored);
  // The query has been changed elsewhere, such as by a click on a line's value.
  if (stored !== seen) {
    setSeen(stored);
    if (stored !== JSON.stringify(filtersOf(rows))) {
      setRows([
        ...(filters ?? []).map((filter, i) => rowOf(filter, next + i)),
        ...rows.filter((row) => !filterOf(row)),
      ]);
      setNext(next + (filters?.length ?? 0));
    }
  }
  const change = (changed: Row[]) => {
    setRows(changed);
    const finished = filtersOf(changed);
    if (JSON.stringify(finished) !== JSON.stringify(filtersOf(rows))) {
      onChange(finished.length ? finished : undefined);
    }
  };
  const add = () => {
    change([...rows, { id: next, key: '', operator: '=', values: [] }]);
    setNext(next + 1);
  };
  return { rows, change, add };
}

interface Props {
  datasource: AuditSource;
  scope: AuditQuery['scope'];
  rows: Row[];
  range?: TimeRange;
  onChange: (rows: Row[]) => void;
}

/** Conditions on any column, each a row of column, operator and value. */
export function ConditionRows({ rows, onChange, ...shared }: Props) {
  const styles = useStyles2(getStyles);
  if (!rows.length) {
    return null;
  }
  return (
    <div className={styles.rows}>
      {rows.map((row) => (
        <ConditionRow
          key={row.id}
          row={row}
          others={filtersOf(rows.filter(({ id }) => id !== row.id))}
          onChange={(changed) => onChange(rows.map((other) => (other.id === row.id ? changed : other)))}
          onRemove={() => onChange(rows.filter(({ id }) => id !== row.id))}
          {...shared}
        />
      ))}
    </div>
  );
}

interface RowProps extends Omit<Props, 'rows' | 'onChange'> {
  row: Row;
  others: Filter[];
  onChange: (row: Row) => void;
  onRemove: () => void;
}

function ConditionRow({ datasource, scope, range, row, others, onChange, onRemove }: RowProps) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { key, operator } = row;
  const filter = filterOf(row);
  const [isNew] = useState(!key);
  const added = useFocus<HTMLDivElement>(isNew);

  const columns: Option[] = [...COLUMNS.map((value) => ({ value, label: columnName(value) })), ...variableOptions()];
  const allowed = operatorsOf(key);
  const operators = (allowed.includes(operator) ? allowed : [...allowed, operator]).map(operatorOption);

  return (
    <div
      className={styles.row}
      role="group"
      aria-label={filter ? conditionWords(filter) : t('condition.unfinished', 'Condition without a value')}
    >
      <InputGroup>
        <div className={styles.key} ref={added}>
          <Label id={`${id}-key`} text={t('condition.column', 'Column')} />
          <Choice
            id={`${id}-key`}
            placeholder={t('condition.column', 'Column')}
            options={columns}
            value={key ? { value: key, label: key.includes('$') ? valueName(key) : columnName(key) } : null}
            onChange={({ value }) => onChange(withKey(row, value))}
          />
        </div>
        <div className={operand(operator) === 'none' ? styles.statement : styles.operator}>
          <Label id={`${id}-operator`} text={t('condition.operator', 'Operator')} />
          <Choice<RowOperator>
            id={`${id}-operator`}
            options={operators}
            value={operator}
            onChange={({ value }) => onChange(withOperator(row, value))}
          />
        </div>
        {operand(operator) === 'none' ? undefined : (
          <div className={styles.value}>
            <Label id={`${id}-value`} text={t('condition.value', 'Value')} />
            <Value
              id={`${id}-value`}
              datasource={datasource}
              scope={scope}
              range={range}
              row={row}
              others={others}
              onChange={(values) => onChange({ ...row, values })}
            />
          </div>
        )}
        <AccessoryButton
          variant="secondary"
          icon="times"
          aria-label={t('condition.remove', 'Remove condition')}
          tooltip={t('condition.remove', 'Remove condition')}
          onClick={onRemove}
        />
      </InputGroup>
    </div>
  );
}

interface ValueProps extends Omit<RowProps, 'onChange' | 'onRemove'> {
  id: string;
  onChange: (values: string[]) => void;
}

function Value({ id, datasource, scope, range, row, others, onChange }: ValueProps) {
  const { key, operator, values } = row;
  const asked = JSON.stringify([key, scope, others, range?.raw]);
  const options = useMemo(
    () =>
      withVariables(
        completion(async () => (key ? columnValues(datasource, { column: key, scope, filters: others }, range) : []))
      ),
    // `asked` is all that the values depend on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [datasource, asked]
  );
  const named = (value: string): Option => ({ value, label: datasource.resources.nameOf(value) ?? valueName(value) });
  const placeholder = t('condition.value', 'Value');

  switch (operand(operator)) {
    case 'several':
      return (
        <KeepTyped onTyped={(typed) => !values.includes(typed) && onChange([...values, typed])}>
          <Choices
            id={id}
            placeholder={placeholder}
            options={options}
            value={values.map(named)}
            createCustomValue
            onChange={(picked) => onChange(picked.map(({ value }) => value))}
          />
        </KeepTyped>
      );
    case 'one':
      return (
        <KeepTyped onTyped={(typed) => !values.some((value) => named(value).label === typed) && onChange([typed])}>
          <Choice
            id={id}
            placeholder={placeholder}
            options={options}
            value={values.length ? named(values[0]) : null}
            createCustomValue
            onChange={({ value }) => onChange([value])}
          />
        </KeepTyped>
      );
    default:
      return <TextValue id={id} number={operand(operator) === 'number'} value={values[0] ?? ''} onChange={onChange} />;
  }
}

interface TextValueProps {
  id: string;
  number: boolean;
  value: string;
  onChange: (values: string[]) => void;
}

function TextValue({ id, number, value, onChange }: TextValueProps) {
  const committed = useCommit({
    value,
    wrong: (text) =>
      !number || text.trim() === '' || isNumber(text)
        ? undefined
        : t('condition.number', 'A number, such as 400, or a variable'),
    onCommit: (text) => onChange(text.trim() ? [number ? text.trim() : text] : []),
  });
  const example = number ? '400' : t('condition.pattern', 'Delete.*|Remove.*');
  return (
    <>
      <CommitInput id={id} placeholder={example} committed={committed} />
      {committed.error && <FieldValidationMessage>{committed.error}</FieldValidationMessage>}
    </>
  );
}

/** A label for screen readers alone: in a row, the position shows what a field is for. */
function Label({ id, text }: { id: string; text: string }) {
  const styles = useStyles2(getStyles);
  return (
    <label htmlFor={id} className={styles.label}>
      {text}
    </label>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  rows: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5, 1), width: '100%' }),
  row: css({ flex: '1 1 330px', minWidth: 0, maxWidth: 560 }),
  key: css({ flex: '1 1 110px', minWidth: 0 }),
  operator: css({ flex: '0 0 96px', minWidth: 0 }),
  statement: css({ flex: '2 1 180px', minWidth: 0 }),
  value: css({ flex: '2 1 100px', minWidth: 0 }),
  label: css({ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }),
});
