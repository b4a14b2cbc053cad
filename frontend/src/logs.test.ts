import {
  CoreApp,
  type DataQueryRequest,
  dateTime,
  LogRowContextQueryDirection,
  type RawTimeRange,
} from '@grafana/data';

import {
  contextOrder,
  contextQuery,
  contextRange,
  contextsOf,
  isLines,
  scrolled,
  volumeQuery,
  withNanos,
} from './logs';
import type { AuditQuery } from './query';
import { fakeFrame, fakeRow } from './test/fakes';

const { Backward, Forward } = LogRowContextQueryDirection;

describe('context', () => {
  const row = fakeRow({ principal: 'terraform', principal_id: 'p-1', resource_id: 'r-1' });

  it('offers the attributes of the line', () => {
    expect(contextsOf(row)).toEqual(['principal', 'resource']);
    expect(contextsOf(fakeRow({ source_ip: '192.0.2.1' }))).toEqual(['source_ip']);
    expect(contextQuery(row, 'source_ip')).toBeUndefined();
  });

  it('queries for the chosen attribute without the query’s own conditions', () => {
    const query: AuditQuery = { refId: 'A', scope: { products: ['iam'] }, limit: 5 };
    expect(contextQuery(row, 'principal', query)?.scope).toEqual({ principals: ['p-1'] });
    expect(contextQuery(row, 'resource', query)?.scope).toEqual({ resourceIds: ['r-1'] });
  });

  it('includes the line’s millisecond on both sides, and the nearest events of each', () => {
    const before = contextRange(row, { direction: Backward, timeWindowMs: 1000 });
    expect(before.from.valueOf()).toBe(row.timeEpochMs - 1000);
    expect(before.to.valueOf()).toBe(row.timeEpochMs + 1);
    const after = contextRange(row, { direction: Forward, timeWindowMs: 1000 });
    expect(after.from.valueOf()).toBe(row.timeEpochMs);
    expect(after.to.valueOf()).toBe(row.timeEpochMs + 1001);
    expect([contextOrder({ direction: Backward }), contextOrder({ direction: Forward })]).toEqual(['newest', 'oldest']);
  });
});

describe('volume', () => {
  it('counts the events of the lines', () => {
    const scope = { products: ['iam'] };
    expect(volumeQuery({ refId: 'A', scope, relatives: true, limit: 10 })).toMatchObject({
      refId: 'log-volume-A',
      queryType: 'volume',
      scope,
      relatives: true,
    });
  });

  it('is of log lines only', () => {
    expect(volumeQuery({ refId: 'A', queryType: 'counts' })).toBeUndefined();
    expect(volumeQuery({ refId: 'A', queryType: 'events', format: 'table' })).toBeUndefined();
    expect(volumeQuery({ refId: 'A', queryType: 'events', hide: true })).toBeUndefined();
    // Those of detections are the lines of some events only.
    expect(volumeQuery({ refId: 'A', queryType: 'detections', show: 'lines' })).toBeUndefined();
  });
});

describe('lines', () => {
  it.each([
    [{ queryType: 'events' }, true],
    [{ queryType: 'events', format: 'table' }, false],
    [{ queryType: 'detections', show: 'lines' }, true],
    [{ queryType: 'detections' }, false],
  ] as Array<[Partial<AuditQuery>, boolean]>)('are the answer to %j: %s', (query, expected) => {
    expect(isLines({ refId: 'A', ...query })).toBe(expected);
  });
});

describe('scrolling', () => {
  const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };
  const request = (supportingQueryType?: string) =>
    ({ range, targets: [{ refId: 'A', supportingQueryType }] }) as unknown as DataQueryRequest<AuditQuery>;

  it('requests the whole last millisecond', () => {
    expect(scrolled(request('infiniteScroll')).range.to.valueOf()).toBe(2001);
    expect(scrolled(request('infiniteScroll')).range.from.valueOf()).toBe(1000);
  });

  it('leaves other requests unchanged', () => {
    const other = request();
    expect(scrolled(other)).toBe(other);
  });

  describe('in a log panel of a dashboard', () => {
    /** The panel repeats its first request with a part of the range. */
    const page = (rangeRaw: RawTimeRange, from: number, to: number, target: Partial<AuditQuery> = {}) => {
      const part = { from: dateTime(from), to: dateTime(to) };
      return {
        app: CoreApp.Dashboard,
        panelPluginId: 'logs',
        rangeRaw,
        range: { ...part, raw: part },
        targets: [{ refId: 'A', queryType: 'events', ...target }],
      } as unknown as DataQueryRequest<AuditQuery>;
    };
    const [begin, end] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
    const written = { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };

    it('requests the whole millisecond of the last line', () => {
      const older = scrolled(page(written, begin, end - 5000));
      expect([older.range.from.valueOf(), older.range.to.valueOf()]).toEqual([begin, end - 4999]);
      expect(older.targets[0].order).toBeUndefined();
      const now = Date.now();
      const relative = scrolled(page({ from: 'now-6h', to: 'now' }, now - 6 * 3_600_000, now - 5000));
      expect(relative.range.to.valueOf()).toBe(now - 4999);
    });

    it('goes on with the oldest of newer lines', () => {
      const newer = scrolled(page(written, begin + 5000, end));
      expect(newer.range.from.valueOf()).toBe(begin + 5000);
      expect(newer.targets[0].order).toBe('oldest');
    });

    it('first requests the dashboard’s range as it is', () => {
      const whole = page(written, begin, end);
      expect(scrolled(whole)).toBe(whole);
      const range = { from: dateTime(begin), to: dateTime(end), raw: written };
      expect(scrolled({ ...whole, range })).toEqual({ ...whole, range });
      const relative = { from: 'now-6h', to: 'now' };
      const first = { ...page(relative, begin, end), range: { ...range, raw: relative } };
      expect(scrolled(first)).toBe(first);
    });

    it('leaves panels without lines unchanged', () => {
      for (const target of [{ queryType: 'counts' as const }, { format: 'table' as const }]) {
        const other = page(written, begin, end - 5000, target);
        expect(scrolled(other)).toBe(other);
      }
    });
  });

  it('gives times without nanoseconds zeros, so that pages of lines stay aligned', () => {
    const frame = fakeFrame('events', { timestamp: [1, 2], body: ['a', 'b'] });
    expect(withNanos(frame).fields[0].nanos).toEqual([0, 0]);
    const whole = { ...frame, fields: [{ ...frame.fields[0], nanos: [5, 6] }, frame.fields[1]] };
    expect(withNanos(whole)).toBe(whole);
  });
});
