import { useEffect, useState } from 'react';

/**
 * The answer of a data source to a question, once it has arrived.
 *
 * `question` identifies all that `ask` depends on; `ask` is called once for each, and not while the editor is not `ready`. A
 * failure is no answer: the editors use answers for lists and hints only, and the query itself shows the error.
 */
export function useAnswer<T>(
  datasource: { uid: string },
  question: string | undefined,
  ask: () => Promise<T>,
  ready = true
): T | undefined {
  const [answered, setAnswered] = useState<{ key: string; answer: T }>();
  const key = question && `${datasource.uid} ${question}`;
  useEffect(() => {
    if (!key || !ready || answered?.key === key) {
      return;
    }
    let left = false;
    ask()
      .then((answer) => !left && setAnswered({ key, answer }))
      .catch(() => undefined);
    return () => {
      left = true;
    };
    // An answer that arrives does not repeat the request.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, ready]);
  return answered?.key === key ? answered?.answer : undefined;
}
