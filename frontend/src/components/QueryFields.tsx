import { css } from '@emotion/css';
import type { TimeRange } from '@grafana/data';
import { EditorField, EditorSwitch } from '@grafana/plugin-ui';
import React, { useId } from 'react';

import { columnName, COLUMNS, GROUPINGS } from '../columns';
import { defaultsOf, fieldsOf, type AuditQuery } from '../query';
import type { Amount, Field } from '../questions';
import type { ScopeList } from '../scope';
import type { AuditSource } from '../source';
import type { Option } from '../values';
import { AmountField } from './AmountField';
import { Choice } from './Choice';
import { ListPicker } from './ListPicker';
import { usePickers } from './pickers';
import { RulesField } from './RulesField';
import { TextField } from './TextField';
import { TimeZoneField } from './TimeZoneField';

/** Two columns of the grid of conditions. */
const WIDE = css({ gridColumn: 'span 2' });

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  range?: TimeRange;
  /** Whether to show the fields before the conditions, and not the options. */
  leading?: boolean;
  /** Whether the query is an alert rule's. */
  alerting?: boolean;
  /** Whether the answer has one form, so that there is none to choose. */
  isOneForm?: boolean;
  onChange: (changed: Partial<AuditQuery>) => void;
}

/** The fields of a query's question. */
export function QueryFields({
  datasource,
  query,
  range,
  leading = false,
  alerting = false,
  isOneForm,
  onChange,
}: Props) {
  const defaults = defaultsOf(query);
  const shown = shownFields(query, leading).filter(([, field]) => !field.isForm || !(alerting || isOneForm));
  return shown.map(([name, field]) => (
    <QueryField
      key={name}
      datasource={datasource}
      range={range}
      field={field}
      label={field.label?.() ?? name}
      help={field.help?.()}
      value={query[name as keyof AuditQuery]}
      initial={defaults[name as keyof AuditQuery]}
      alerting={alerting}
      onChange={(changed) => onChange({ [name]: changed } as Partial<AuditQuery>)}
    />
  ));
}

/** The fields that an editor shows before the conditions, or among the options. The text of rules has a row of its own. */
export function shownFields(query: AuditQuery, leading: boolean): Array<[name: string, Field]> {
  return fieldsOf(query).filter(
    ([, field]) => field.label && field.kind !== 'sigma' && Boolean(field.leading) === leading
  );
}

interface FieldProps extends Pick<Props, 'datasource' | 'range'> {
  field: Field;
  label: string;
  help: string | undefined;
  value: unknown;
  /** The value of a query without the field. */
  initial: unknown;
  alerting: boolean;
  onChange: (value: unknown) => void;
}

function QueryField({ datasource, range, field, label, help, value, initial, alerting, onChange }: FieldProps) {
  const shared = { label, tooltip: help, onChange };
  switch (field.kind) {
    case 'amount':
      return (
        <AmountField
          {...shared}
          value={value as Amount | undefined}
          initial={String(initial ?? field.empty?.() ?? '')}
          most={field.most}
        />
      );
    case 'columns':
      return (
        <ListPicker
          {...shared}
          placeholder={field.none()}
          values={value as string[] | undefined}
          options={GROUPINGS.map((column) => ({ value: column, label: columnName(column) }))}
          nameOf={columnName}
          onChange={(columns) => onChange(columns.length ? columns.slice(0, field.most) : undefined)}
        />
      );
    case 'text':
    case 'promql':
      return (
        <div className={field.kind === 'promql' ? WIDE : undefined}>
          <TextField
            {...shared}
            value={String(value ?? '')}
            placeholder={field.placeholder()}
            wrong={field.wrong}
            onCommit={(text) => onChange(text.trim() || undefined)}
          />
        </div>
      );
    case 'texts':
      return (
        <TextsField
          {...shared}
          datasource={datasource}
          range={range}
          like={field.like}
          values={value as string[] | undefined}
        />
      );
    case 'rules':
      return (
        <div className={field.list === 'ruleIds' ? WIDE : undefined}>
          <RulesField
            {...shared}
            datasource={datasource}
            list={field.list}
            placeholder={field.none()}
            values={value as string[] | undefined}
          />
        </div>
      );
    case 'sigma':
      return null;
    case 'timezone':
      return <TimeZoneField {...shared} value={value as string | undefined} alerting={alerting} />;
    case 'flag':
      return (
        <FlagField
          {...shared}
          value={Boolean(value ?? initial)}
          onChange={(on) => onChange(on === Boolean(initial) ? undefined : on)}
        />
      );
    case 'choice':
      return (
        <ChoiceField
          {...shared}
          width={field.leading ? undefined : 24}
          options={Object.entries(field.options).map(([option, { label, help }]) => ({
            value: option,
            label: label?.() ?? option,
            description: help?.(),
          }))}
          value={String(value ?? initial)}
          onChange={(option) => onChange(option === initial ? undefined : option)}
        />
      );
    case 'column':
      return (
        <ChoiceField
          {...shared}
          options={columnOptions(field)}
          value={String(value ?? initial)}
          onChange={(column) => onChange(field.other && column === initial ? undefined : column)}
        />
      );
  }
}

/** The columns that a field takes; one with another value is about groups. */
function columnOptions({ other }: Extract<Field, { kind: 'column' }>): Option[] {
  const columns = (other ? GROUPINGS : COLUMNS).map((column) => ({ value: column, label: columnName(column) }));
  return other ? [{ value: other.value, label: other.label() }, ...columns] : columns;
}

interface ChoiceProps {
  label: string;
  tooltip: string | undefined;
  /** In Grafana's units of 8 px. */
  width?: number;
  options: Option[];
  value: string;
  onChange: (value: string) => void;
}

function ChoiceField({ label, tooltip, width, options, value, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <EditorField label={label} tooltip={tooltip} htmlFor={id} width={width}>
      <Choice id={id} options={options} value={value} onChange={(picked) => onChange(picked.value)} />
    </EditorField>
  );
}

interface TextsProps extends Pick<Props, 'datasource' | 'range'> {
  label: string;
  tooltip: string | undefined;
  /** The list of a scope with the same kind of values. */
  like: ScopeList;
  values: string[] | undefined;
  onChange: (values: string[] | undefined) => void;
}

function TextsField({ datasource, range, like, values, onChange, ...shared }: TextsProps) {
  const pickers = usePickers(datasource, { [like]: values }, range);
  return (
    <ListPicker
      {...pickers[like]}
      {...shared}
      values={values}
      onChange={(picked) => onChange(picked.length ? picked : undefined)}
    />
  );
}

interface FlagProps {
  label: string;
  tooltip: string | undefined;
  value: boolean;
  onChange: (value: boolean) => void;
}

function FlagField({ label, tooltip, value, onChange }: FlagProps) {
  const id = useId();
  return (
    <EditorField label={label} tooltip={tooltip} htmlFor={id}>
      <EditorSwitch id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
    </EditorField>
  );
}
