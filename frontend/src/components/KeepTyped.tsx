import React, { type FocusEvent, type ReactNode } from 'react';

interface Props {
  /** Without it, a typed text is dropped. */
  onTyped?: (text: string) => void;
  children: ReactNode;
}

/** Takes a text that was typed into a picker when the field is left: Grafana's own picker would drop it. */
export function KeepTyped({ onTyped, children }: Props) {
  const keep = ({ target }: FocusEvent<HTMLElement>) => {
    const typed = target instanceof HTMLInputElement ? target.value.trim() : '';
    if (typed) {
      onTyped?.(typed);
    }
  };
  return <div onBlurCapture={keep}>{children}</div>;
}
