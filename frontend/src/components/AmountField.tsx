import React from 'react';

import type { Amount } from '../questions';
import { hasVariable } from '../references';
import { t } from '../translation';
import { TextField } from './TextField';

interface Props {
  label: string;
  tooltip?: string;
  value: Amount | undefined;
  /** The meaning of an empty field. */
  initial: string;
  most: number;
  onChange: (amount: Amount | undefined) => void;
}

/** A whole number within limits, or a variable in its place; empty is the default. */
export function AmountField({ label, tooltip, value, initial, most, onChange }: Props) {
  const wrong = (text: string) => {
    const number = Number(text);
    const right =
      text.trim() === '' || hasVariable(text) || (Number.isInteger(number) && number >= 1 && number <= most);
    return right ? undefined : t('amount.wrong', 'A whole number from 1 to {{most}}, or a variable', { most });
  };
  const commit = (text: string) => {
    const trimmed = text.trim();
    onChange(trimmed === '' ? undefined : Number.isInteger(Number(trimmed)) ? Number(trimmed) : trimmed);
  };
  return (
    <TextField
      label={label}
      tooltip={tooltip}
      value={value === undefined ? '' : String(value)}
      placeholder={initial}
      wrong={wrong}
      onCommit={commit}
    />
  );
}
