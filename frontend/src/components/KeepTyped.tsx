import { Box } from '@grafana/ui';
import React, { type FocusEvent, type ReactNode } from 'react';

interface Props {
  /** Without it, a typed text is dropped. */
  onTyped?: (text: string) => void;
  /** In Grafana's units of 8 px: a picker of a given width would show one value only. */
  width?: number;
  children: ReactNode;
}

/** Whether a picker loses the focus to its own menu, whose scroll bar takes it. */
function isInMenu(input: HTMLElement): boolean {
  return Boolean(document.getElementById(input.getAttribute('aria-controls') ?? '')?.matches(':hover'));
}

/** Takes a text that was typed into a picker when the field is left: Grafana's own picker would drop it. */
export function KeepTyped({ onTyped, width, children }: Props) {
  const keep = ({ target }: FocusEvent<HTMLElement>) => {
    const typed = target instanceof HTMLInputElement ? target.value.trim() : '';
    if (typed && !isInMenu(target)) {
      onTyped?.(typed);
    }
  };
  return (
    <Box width={width ? `${width * 8}px` : undefined} onBlurCapture={keep}>
      {children}
    </Box>
  );
}
