import type { DataQueryResponse } from '@grafana/data';
import { type Observable, shareReplay, tap } from 'rxjs';

/** The time for which equal requests share a complete answer, in milliseconds. */
const RECENT = 2000;

/** The most questions that are remembered at the same time. */
const MOST = 16;

interface Asked {
  answer: Observable<DataQueryResponse>;
  /** When the answer is no longer given to others; not known while it is awaited. */
  until?: number;
}

/** Sends a query once where several ask it at nearly the same time, over the same range to the millisecond. */
export class Shared {
  private readonly asked = new Map<string, Asked>();

  /** The answer to a question: the one at hand, or what `ask` gets. */
  answer(question: string, ask: () => Observable<DataQueryResponse>): Observable<DataQueryResponse> {
    const known = this.asked.get(question);
    if (known && (known.until === undefined || Date.now() < known.until)) {
      return known.answer;
    }
    const asked: Asked = {
      answer: ask().pipe(
        tap({
          next: ({ error, errors }) => (asked.until = error || errors?.length ? 0 : Date.now() + RECENT),
          error: () => (asked.until = 0),
        }),
        // Without a subscriber, the request is cancelled.
        shareReplay({ bufferSize: 1, refCount: true })
      ),
    };
    this.asked.delete(question);
    this.asked.set(question, asked);
    const [oldest] = this.asked.keys();
    if (this.asked.size > MOST) {
      this.asked.delete(oldest);
    }
    return asked.answer;
  }
}
