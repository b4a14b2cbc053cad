import { Input } from '@grafana/ui';
import React, { useState } from 'react';

interface Commit {
  value: string;
  /** The error of a text, if it has one. */
  wrong?: (text: string) => string | undefined;
  onCommit: (text: string) => void;
}

/** A text that takes effect when it is complete: on Enter or when the field is left. */
export function useCommit({ value, wrong, onCommit }: Commit) {
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
  return { text, error, setTyped, commit };
}

interface Props {
  id?: string;
  placeholder?: string;
  committed: ReturnType<typeof useCommit>;
}

/** The input of such a text. */
export function CommitInput({ id, placeholder, committed: { text, error, setTyped, commit } }: Props) {
  return (
    <Input
      id={id}
      value={text}
      placeholder={placeholder}
      title={error}
      invalid={Boolean(error)}
      aria-invalid={Boolean(error)}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  );
}
