import type { CodeEditor } from '@grafana/ui';
import React, { type ComponentProps } from 'react';

/** A field in the place of Grafana's code editor, which loads Monaco from Grafana itself. */
export function FakeEditor({ value, monacoOptions, readOnly, onChange, onBlur }: ComponentProps<typeof CodeEditor>) {
  return (
    <textarea
      aria-label={monacoOptions?.ariaLabel}
      value={value}
      readOnly={readOnly}
      onChange={({ currentTarget }) => onChange?.(currentTarget.value)}
      onBlur={({ currentTarget }) => onBlur?.(currentTarget.value)}
    />
  );
}
