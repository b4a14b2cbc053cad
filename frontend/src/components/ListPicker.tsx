import { css } from '@emotion/css';
import { type ComboboxOption, MultiCombobox } from '@grafana/ui';
import { EditorField } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import { t } from '@grafana/i18n';
import React, { useId, useMemo } from 'react';

import { reference } from '../binding';

export type Option = ComboboxOption<string>;

interface Props {
  label: string;
  tooltip?: string;
  values: string[] | undefined;
  /** What can be picked: a list, or what is found for a text while it is typed. */
  options: Option[] | ((typed: string) => Promise<Option[]>);
  /** A value's name, where it is not the value itself. */
  nameOf?: (value: string) => string | undefined;
  /** Whether a text that is not on the list may be entered. */
  free?: boolean;
  placeholder?: string;
  onChange: (values: string[]) => void;
}

/** A fixed width, in Grafana's units: a picker with many values must not push the others away. */
const WIDTH = 32;

/** Grafana lets the name of a single value run below the buttons at the end of the field: it must end before them instead. */
const SHORTENED = css({ 'span[tabindex]': { flexShrink: 1 } });

/** The dashboard's variables, which can stand for a value. */
function variableOptions(): Option[] {
  return getTemplateSrv()
    .getVariables()
    .filter((variable) => variable.type !== 'adhoc')
    .map(({ name }) => ({ value: reference(name), label: `$${name}`, description: t('picker.variable', 'Variable') }));
}

/** Picks any number of values, or variables that stand for them. */
export function ListPicker({ label, tooltip, values, options, nameOf, free, placeholder, onChange }: Props) {
  const id = useId();
  const offered = useMemo(() => {
    const variables = variableOptions();
    if (Array.isArray(options)) {
      return [...variables, ...options];
    }
    return async (typed: string) => {
      const wanted = typed.toLowerCase();
      const found = await options(typed).catch(() => []);
      return [...variables.filter(({ value }) => value.toLowerCase().includes(wanted)), ...found];
    };
  }, [options]);
  const named = (value: string): Option => {
    const known = Array.isArray(offered) ? offered.find((option) => option.value === value)?.label : undefined;
    return { value, label: known ?? nameOf?.(value) ?? value.replace(/^\$\{(\w+)\}$/, '$$$1') };
  };
  return (
    <EditorField label={label} tooltip={tooltip} htmlFor={id}>
      <div className={SHORTENED}>
        <MultiCombobox
          id={id}
          width={WIDTH}
          placeholder={placeholder ?? t('picker.any', 'Any')}
          value={(values ?? []).map(named)}
          options={offered}
          createCustomValue={free}
          isClearable
          onChange={(picked) => onChange(picked.map(({ value }) => value))}
        />
      </div>
    </EditorField>
  );
}
