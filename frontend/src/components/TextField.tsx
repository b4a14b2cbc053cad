import { EditorField } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';
import React, { useId, useState } from 'react';

interface Props {
  label: string;
  tooltip?: string;
  value: string;
  placeholder?: string;
  width?: number;
  /** What is wrong with a text, if anything. */
  wrong?: (text: string) => string | undefined;
  onCommit: (text: string) => void;
}

/** A text that takes effect when it is complete: on Enter or when the field is left. */
export function TextField({ label, tooltip, value, placeholder, width, wrong, onCommit }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const text = typed ?? value;
  const error = wrong?.(text);
  const commit = () => {
    if (typed !== undefined && !error) {
      setTyped(undefined);
      if (typed !== value) {
        onCommit(typed);
      }
    }
  };
  return (
    <EditorField
      label={label}
      tooltip={tooltip}
      htmlFor={id}
      width={width ?? 12}
      invalid={Boolean(error)}
      error={error}
    >
      <Input
        id={id}
        value={text}
        placeholder={placeholder}
        invalid={Boolean(error)}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
      />
    </EditorField>
  );
}
