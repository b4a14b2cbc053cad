import { css } from '@emotion/css';
import { EditorField } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import React, { type ReactNode, useId, useMemo } from 'react';

import { valueName } from '../columns';
import { reference } from '../references';
import { t } from '../translation';
import type { Option } from '../values';
import { Choices } from './Choice';
import { KeepTyped } from './KeepTyped';
import { useFocus } from './useFocus';

export interface Picker {
  tooltip?: string;
  /** The options: a list, or the result of a search for the typed text. */
  options: Option[] | ((typed: string) => Promise<Option[]>);
  /** A value's name, where it is not the value itself. */
  nameOf?: (value: string) => string | undefined;
  /** Whether a text that is not on the list may be entered. */
  free?: boolean;
  /** Whether a typed text is entered when the field is left, too: where there is nothing to search for. */
  keepTyped?: boolean;
  /** The error of a value, if it has one. */
  wrong?: (value: string) => string | undefined;
  placeholder?: string;
}

interface Props extends Picker {
  label: string;
  values: string[] | undefined;
  autoFocus?: boolean;
  /** In Grafana's units of 8 px; without one, the picker is as wide as its container. */
  width?: number;
  onChange: (values: string[]) => void;
}

/**
 * Room for values: Grafana lets the name of a single value run below the buttons at the end of the field, reserves room for
 * typing, and shows the number of values that do not fit with dots as well as with digits.
 */
const SHORTENED = css({
  'span[tabindex]': { flexShrink: 1 },
  'input:not(:focus)': { minWidth: 4 },
  'span[tabindex] ~ div > span': { display: 'none' },
  'span[tabindex] ~ div > div::before': { content: '"+"' },
});

/** The dashboard's variables as options, which can replace a value. */
export function variableOptions(): Option[] {
  return getTemplateSrv()
    .getVariables()
    .filter((variable) => variable.type !== 'adhoc')
    .map(({ name }) => ({ value: reference(name), label: `$${name}`, description: t('picker.variable', 'Variable') }));
}

/** The options for a text, variables first. */
export function withVariables(options: Picker['options']): Picker['options'] {
  const variables = variableOptions();
  if (Array.isArray(options)) {
    return [...variables, ...options];
  }
  return async (typed: string) => {
    const wanted = typed.toLowerCase();
    const found = await options(typed).catch(() => []);
    return [...variables.filter(({ value }) => value.toLowerCase().includes(wanted)), ...found];
  };
}

/** Picks any number of values, or variables in their place. */
export function ListPicker(props: Props) {
  const { label, tooltip, values = [], options, nameOf, free, keepTyped, wrong, placeholder, width, onChange } = props;
  const id = useId();
  const offered = useMemo(() => withVariables(options), [options]);

  const named = (value: string): Option => {
    const known = Array.isArray(offered) ? offered.find((option) => option.value === value)?.label : undefined;
    return { value, label: known ?? nameOf?.(value) ?? valueName(value) };
  };
  const keep = (typed: string) => {
    if (!values.includes(typed)) {
      onChange([...values, typed]);
    }
  };
  const error = values.map((value) => wrong?.(value)).find(Boolean);
  return (
    <EditorField label={label} tooltip={tooltip} htmlFor={id} invalid={Boolean(error)} error={error}>
      <Frame autoFocus={props.autoFocus} onTyped={keepTyped ? keep : undefined}>
        <Choices
          id={id}
          width={width}
          placeholder={placeholder ?? t('picker.any', 'Any')}
          value={values.map(named)}
          options={offered}
          createCustomValue={free}
          invalid={Boolean(error)}
          onChange={(picked) => onChange(picked.map(({ value }) => value.trim()).filter(Boolean))}
        />
      </Frame>
    </EditorField>
  );
}

interface FrameProps {
  autoFocus?: boolean;
  onTyped?: (text: string) => void;
  children: ReactNode;
}

/** The frame of a picker. */
function Frame({ autoFocus, onTyped, children }: FrameProps) {
  const root = useFocus<HTMLDivElement>(autoFocus);
  return (
    <div className={SHORTENED} ref={root}>
      <KeepTyped onTyped={onTyped}>{children}</KeepTyped>
    </div>
  );
}
