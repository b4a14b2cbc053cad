import { t } from './translation';

/** One region's part of the backend's health answer. */
interface RegionHealth {
  region: string;
  eventsLastHour: number;
  complete: boolean;
  absent?: boolean;
  error: string | null;
}

function isRegion(region: unknown): region is RegionHealth {
  return typeof region === 'object' && region !== null && 'region' in region;
}

/** The health answer's details as lines of text: one per region, the names that are known, and the notes. */
export function healthLines(details: Record<string, unknown> | undefined, isOk: boolean): string[] {
  const regions = Array.isArray(details?.regions) ? details.regions.filter(isRegion) : [];
  const lines = regions.map(({ region, error, absent, complete, eventsLastHour: events }) => {
    if (error) {
      return `${region}: ${error}`;
    }
    if (absent) {
      return t('health.region-absent', '{{region}}: does not exist for this organization, so that it has no events', {
        region,
      });
    }
    return complete
      ? t('health.region', '{{region}}: answers, {{events}} events in the last hour', { region, events })
      : t('health.region-at-least', '{{region}}: answers, at least {{events}} events in the last hour', {
          region,
          events,
        });
  });
  if (typeof details?.principals === 'number') {
    lines.push(t('health.principals', 'Principals known by name: {{known}}', { known: details.principals }));
  } else if (regions.some(({ error }) => !error)) {
    lines.push(t('health.no-principals', 'Principals are shown by id: their names could not be read'));
  }
  // The message of a failure has the notes.
  const notes: unknown[] = isOk && Array.isArray(details?.notes) ? details.notes : [];
  return [...lines, ...notes.filter((note) => typeof note === 'string')];
}
