import { getTimeZone } from '@grafana/data';

import { understood, type AuditQuery } from './query';

/** The name in the IANA database of a time zone as Grafana stores it; nothing stands for the user's preference. */
export function timeZoneName(timezone?: string): string {
  const chosen = timezone || getTimeZone();
  switch (chosen) {
    case 'utc':
      return 'UTC';
    case '':
    case 'browser':
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    default:
      return chosen;
  }
}

/** A query that counts over time, on the clock that its graph shows where it names none. */
export function withTimeZone(query: AuditQuery, timezone?: string): AuditQuery {
  const { queryType, over } = understood(query);
  const overTime = queryType === 'volume' || (queryType === 'counts' && over !== 'total');
  return overTime && !query.timezone ? { ...query, timezone: timeZoneName(timezone) } : query;
}
