import { useEffect, useRef } from 'react';

/**
 * Puts the focus on the first input of an element that a menu has added.
 *
 * A menu of Grafana gives the focus back to its button when it closes; the input takes it after that.
 */
export function useFocus<T extends HTMLElement>(wanted: boolean | undefined) {
  const root = useRef<T>(null);
  useEffect(() => {
    if (!wanted) {
      return;
    }
    const frame = requestAnimationFrame(() => root.current?.querySelector('input')?.focus());
    return () => cancelAnimationFrame(frame);
  }, [wanted]);
  return root;
}
