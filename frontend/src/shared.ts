import type { DataQueryResponse } from '@grafana/data';
import { type Observable, shareReplay, tap } from 'rxjs';

/** The time for which equal requests share a complete answer, in milliseconds. */
const RECENT = 2000;

/** The most answers that are cached at the same time. */
const MOST = 16;

interface Asked {
  answer: Observable<DataQueryResponse>;
  /** The end of the time in which the answer is shared; undefined while it is awaited. */
  until?: number;
}

/** Shares one answer among equal queries at nearly the same time, over the same range to the millisecond. */
export class Shared {
  private readonly asked = new Map<string, Asked>();

  /** The answer to a question: a recent one, or the result of `ask`. */
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
