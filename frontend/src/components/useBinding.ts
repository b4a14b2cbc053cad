import { useEffect, useState } from 'react';

import { isUnbound, withBinding, type Binding } from '../binding';
import type { AuditQuery } from '../query';

/**
 * Stores a binding in a new query as soon as there is one, unless a condition was set before; returns whether the query is new.
 *
 * `isNew` counts when the editor opens: a query that was stored without conditions keeps all events.
 */
export function useBinding(
  query: AuditQuery,
  binding: Binding | undefined,
  isNew: boolean,
  store: (query: AuditQuery) => void
): boolean {
  const [isFresh] = useState(isNew);
  const key = binding && JSON.stringify(binding);
  useEffect(() => {
    if (isFresh && binding && isUnbound(query)) {
      store(withBinding(query, binding));
    }
    // Each binding is stored once: `key` identifies it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return isFresh;
}
