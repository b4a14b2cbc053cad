import { type DataQueryRequest, getTimeZone, type ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

import { fieldsOf, understood, type AuditQuery } from './query';

/** Grafana's macro. */
const TIME_ZONE = '__timezone';

/** The IANA name of a time zone as Grafana stores it; without one it is the user's preference. */
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

/**
 * The time zone in which an answer is shown: that of its request, else that of the panel. A rule has neither.
 */
export function timeZoneOf(scopedVars: ScopedVars, templates: TemplateSrv): string | undefined {
  if (scopedVars[TIME_ZONE]) {
    return String(scopedVars[TIME_ZONE].value);
  }
  // Panels with expressions hand over no request, but the scene that the macro is about.
  return scopedVars.__sceneObject ? timeZoneName(templates.replace(`\${${TIME_ZONE}}`, scopedVars)) : undefined;
}

/** A request's variables with the time zone of the request. */
export function withZoneOf({ scopedVars, timezone }: Pick<DataQueryRequest, 'scopedVars' | 'timezone'>): ScopedVars {
  const zone = timeZoneName(timezone);
  return { ...scopedVars, [TIME_ZONE]: { value: zone, text: zone } };
}

/** A query that counts over time, on the clock that its graph shows where it names none. */
export function withTimeZone(query: AuditQuery, zone: string | undefined): AuditQuery {
  const overTime = fieldsOf(understood(query)).some(([name]) => name === 'timezone');
  return overTime && !query.timezone && zone ? { ...query, timezone: zone } : query;
}
