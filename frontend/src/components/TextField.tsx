import { EditorField } from '@grafana/plugin-ui';
import React, { useId } from 'react';

import { CommitInput, useCommit } from './CommitInput';

interface Props {
  label: string;
  tooltip?: string;
  value: string;
  placeholder?: string;
  /** In Grafana's units of 8 px. */
  width?: number;
  /** The error of a text, if it has one. */
  wrong?: (text: string) => string | undefined;
  onCommit: (text: string) => void;
}

/** A labelled text that takes effect when it is complete. */
export function TextField({ label, tooltip, placeholder, width, ...committed }: Props) {
  const id = useId();
  const text = useCommit(committed);
  return (
    <EditorField
      label={label}
      tooltip={tooltip}
      htmlFor={id}
      width={width ?? 12}
      invalid={Boolean(text.error)}
      error={text.error}
    >
      <CommitInput id={id} placeholder={placeholder} committed={text} />
    </EditorField>
  );
}
