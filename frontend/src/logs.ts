import {
  dateTime,
  type DataFrame,
  type DataQueryRequest,
  FieldType,
  LogRowContextQueryDirection,
  type LogRowContextOptions,
  type LogRowModel,
  rangeUtil,
  type TimeRange,
} from '@grafana/data';

import { understood, VERSION, type AuditQuery } from './query';
import type { Scope } from './scope';

/** The attribute that a line shares with its context. */
const CONTEXTS = ['principal', 'resource', 'source_ip'] as const;
export type Context = (typeof CONTEXTS)[number];

/** The time around a line in its context, if Grafana gives none. */
const CONTEXT_WINDOW_MS = 24 * 3_600_000;

const CONTEXT_LINES = 100;

/** Events that share something with a line; nothing where the line does not have it. */
function contextScope(context: Context, labels: LogRowModel['labels']): Scope | undefined {
  switch (context) {
    case 'principal': {
      const who = labels.principal_id || labels.principal;
      return who ? { principals: [who] } : undefined;
    }
    case 'resource':
      return labels.resource_id ? { resourceIds: [labels.resource_id] } : undefined;
    case 'source_ip':
      return labels.source_ip ? { sourceIps: [labels.source_ip] } : undefined;
  }
}

/** The contexts that a line has. */
export function contextsOf(row: LogRowModel): Context[] {
  return CONTEXTS.filter((context) => contextScope(context, row.labels));
}

/** The query for a line's neighbours. */
export function contextQuery(row: LogRowModel, context: Context, query?: AuditQuery): AuditQuery | undefined {
  const scope = contextScope(context, row.labels);
  if (!scope) {
    return undefined;
  }
  const refId = row.dataFrame.refId ?? query?.refId ?? 'A';
  return { refId, version: VERSION, queryType: 'events', format: 'logs', limit: CONTEXT_LINES, scope };
}

/**
 * The time before or after a line.
 *
 * A range ends before its last millisecond, and lines have nanoseconds: the line's own millisecond belongs to both sides,
 * and Grafana leaves out lines that it shows already.
 */
export function contextRange(row: LogRowModel, options?: LogRowContextOptions): TimeRange {
  const window = options?.timeWindowMs || CONTEXT_WINDOW_MS;
  const forward = options?.direction === LogRowContextQueryDirection.Forward;
  const from = dateTime(row.timeEpochMs - (forward ? 0 : window));
  const end = forward ? Math.min(row.timeEpochMs + window, Date.now()) : row.timeEpochMs;
  const to = dateTime(Math.max(end, row.timeEpochMs) + 1);
  return { from, to, raw: { from, to } };
}

/** The events of a context if there are too many: the nearest. */
export function contextOrder(options?: LogRowContextOptions): 'newest' | 'oldest' {
  return options?.direction === LogRowContextQueryDirection.Forward ? 'oldest' : 'newest';
}

/** Whether a query asks for events as log lines. */
export function isLogs(query: AuditQuery): boolean {
  const { queryType, format } = understood(query, 'explore');
  return queryType === 'events' && (format ?? 'logs') === 'logs';
}

/** Whether the answer to a query is log lines: events, or those that detection rules match. */
export function isLines(query: AuditQuery): boolean {
  return isLogs(query) || (query.queryType === 'detections' && query.show === 'lines');
}

/** The query for the bars above log lines: how many there are of each level, over time. */
export function volumeQuery(query: AuditQuery): AuditQuery | undefined {
  if (!isLogs(query) || query.hide) {
    return undefined;
  }
  const { refId, scope, filters, relatives, datasource } = query;
  return { refId: `log-volume-${refId}`, datasource, version: VERSION, queryType: 'volume', scope, filters, relatives };
}

/** Whether a request is for more lines: Explore flags it, and a dashboard's log panel requests a part of its range. */
function isPage({ targets, range, rangeRaw }: DataQueryRequest<AuditQuery>): boolean {
  if (targets.some((target) => target.supportingQueryType?.toLowerCase() === 'infinitescroll')) {
    return true;
  }
  // The panel passes the dashboard's range beside the part that it requests, whose ends are never written as "now".
  if (!rangeRaw || isText(range.raw.from) || isText(range.raw.to) || !targets.some(isLines)) {
    return false;
  }
  const whole = rangeUtil.convertRawToRange(rangeRaw);
  return range.to.diff(range.from) < whole.to.diff(whole.from);
}

const isText = (value: unknown): value is string => typeof value === 'string';

/**
 * A request that loses no line at the edge between two pages.
 *
 * Grafana requests older lines up to the last line's millisecond. Ranges exclude their end, so that the rest of that
 * millisecond would be lost; lines that come twice are known by their ids and shown once. Of newer lines the oldest come
 * first, so that there is no gap to those that are shown.
 */
export function scrolled(request: DataQueryRequest<AuditQuery>): DataQueryRequest<AuditQuery> {
  if (!isPage(request)) {
    return request;
  }
  const { from } = request.range;
  const to = dateTime(request.range.to.valueOf() + 1);
  const isNewer = request.rangeRaw && from.valueOf() > rangeUtil.convertRawToRange(request.rangeRaw).from.valueOf();
  const targets = isNewer
    ? request.targets.map((target) => ({ ...target, order: 'oldest' as const }))
    : request.targets;
  return { ...request, targets, range: { from, to, raw: { from, to } } };
}

/**
 * A frame whose times all have their nanoseconds.
 *
 * They are left out where all are zero, and Explore, which puts pages of lines one after another, would then give
 * them to the wrong lines.
 */
export function withNanos(frame: DataFrame): DataFrame {
  const lacks = (field: DataFrame['fields'][number]) => field.type === FieldType.time && !field.nanos;
  if (!frame.fields.some(lacks)) {
    return frame;
  }
  const fields = frame.fields.map((field) =>
    lacks(field) ? { ...field, nanos: new Array<number>(frame.length).fill(0) } : field
  );
  return { ...frame, fields };
}
