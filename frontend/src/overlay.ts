import { DataTopic, type DataFrame, type Field, FieldType } from '@grafana/data';

import { VERSION, type AuditQuery } from './query';

const CONSOLE = 'https://console.scaleway.com/';

/** How far around a mark its events are shown, in milliseconds. */
const AROUND = 500;

/** What the links of a mark are called. */
export interface LinkTitles {
  details: string;
  console: string;
}

/** Explore's state that shows a mark's events, as it stands in Explore's address. */
function pane(query: AuditQuery, from: number, to: number): string {
  const { datasource, scope, filters } = query;
  const asked = { refId: 'A', datasource, version: VERSION, queryType: 'events', format: 'logs', scope, filters };
  const range = { from: String(from - AROUND), to: String(to + AROUND) };
  const state = JSON.stringify({ audit: { datasource: datasource?.uid, queries: [asked], range } });
  // Grafana escapes the value as a whole address, and so leaves what separates the parts of one.
  return state.replace(/[&#+%?;]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

function linked(field: Field, title: string, url: string): Field {
  return { ...field, config: { ...field.config, links: [{ title, url, targetBlank: true }] } };
}

function column(frame: DataFrame, name: string): Field | undefined {
  return frame.fields.find((field) => field.name === name);
}

/**
 * Marks as a panel's own, with links: Grafana draws a frame of this topic over the panel's series and keeps its colours
 * and links, which it takes away from the annotations of a dashboard.
 */
export function overlay(frame: DataFrame, query: AuditQuery, titles: LinkTitles): DataFrame {
  const time = column(frame, 'time');
  if (!time || frame.meta?.dataTopic !== DataTopic.Annotations) {
    return frame;
  }
  const end = column(frame, 'timeEnd');
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  const fields = frame.fields.map((field): Field => {
    switch (field.name) {
      case 'console_url':
        // Grafana shows the link of every mark, so that each must lead somewhere.
        return linked(
          { ...field, values: field.values.map((url) => url || CONSOLE) },
          titles.console,
          '${__value.raw}'
        );
      case 'id':
        return { ...field, name: 'event_id' };
      default:
        return field;
    }
  });
  // Only annotations with another id than 0 have the buttons to edit and delete, which cannot work on events.
  fields.push({ name: 'id', type: FieldType.number, config: {}, values: rows.map(() => 0) });
  const details = rows.map((row) => pane(query, time.values[row], end?.values[row] || time.values[row]));
  const field = { name: 'details', type: FieldType.string, config: {}, values: details };
  fields.push(linked(field, titles.details, '/explore?schemaVersion=1&panes=${__value.raw}'));
  return { ...frame, fields };
}
