import { type DataQueryRequest, dateTime, LogRowContextQueryDirection } from '@grafana/data';

import { contextOrder, contextQuery, contextRange, contextsOf, scrolled, volumeQuery, withNanos } from './logs';
import type { AuditQuery } from './query';
import { fakeFrame, fakeRow } from './test/fakes';

const { Backward, Forward } = LogRowContextQueryDirection;

describe('context', () => {
  const row = fakeRow({ principal: 'terraform', principal_id: 'p-1', resource_id: 'r-1' });

  it('offers what the line has', () => {
    expect(contextsOf(row)).toEqual(['principal', 'resource']);
    expect(contextsOf(fakeRow({ source_ip: '192.0.2.1' }))).toEqual(['source_ip']);
    expect(contextQuery(row, 'source_ip')).toBeUndefined();
  });

  it('asks for what the line has in common with others, and drops the query’s own conditions', () => {
    const query: AuditQuery = { refId: 'A', scope: { products: ['iam'] }, limit: 5 };
    expect(contextQuery(row, 'principal', query)?.scope).toEqual({ principals: ['p-1'] });
    expect(contextQuery(row, 'resource', query)?.scope).toEqual({ resourceIds: ['r-1'] });
  });

  it('takes the line’s own millisecond into both sides, and the nearest events of each', () => {
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
  it('counts what the lines show', () => {
    const scope = { products: ['iam'] };
    expect(volumeQuery({ refId: 'A', scope, limit: 10 })).toMatchObject({
      refId: 'log-volume-A',
      queryType: 'volume',
      scope,
    });
  });

  it('is of log lines only', () => {
    expect(volumeQuery({ refId: 'A', queryType: 'counts' })).toBeUndefined();
    expect(volumeQuery({ refId: 'A', queryType: 'events', format: 'table' })).toBeUndefined();
    expect(volumeQuery({ refId: 'A', queryType: 'events', hide: true })).toBeUndefined();
  });
});

describe('scrolling', () => {
  const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };
  const request = (supportingQueryType?: string) =>
    ({ range, targets: [{ refId: 'A', supportingQueryType }] }) as unknown as DataQueryRequest<AuditQuery>;

  it('asks for the whole last millisecond', () => {
    expect(scrolled(request('infiniteScroll')).range.to.valueOf()).toBe(2001);
    expect(scrolled(request('infiniteScroll')).range.from.valueOf()).toBe(1000);
  });

  it('leaves other requests alone', () => {
    const other = request();
    expect(scrolled(other)).toBe(other);
  });

  it('gives times without nanoseconds zeros, so that pages of lines stay aligned', () => {
    const frame = fakeFrame('events', { timestamp: [1, 2], body: ['a', 'b'] });
    expect(withNanos(frame).fields[0].nanos).toEqual([0, 0]);
    const whole = { ...frame, fields: [{ ...frame.fields[0], nanos: [5, 6] }, frame.fields[1]] };
    expect(withNanos(whole)).toBe(whole);
  });
});
