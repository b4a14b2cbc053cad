import { DataTopic, type DataFrame, type Field, FieldType } from '@grafana/data';

import { VERSION, type AuditQuery } from './query';

/** Colours of Grafana's palette, which fit both themes, by the state that a mark carries. */
const COLORS: Record<string, string> = { alerting: 'red', pending: 'orange', ok: 'blue' };

const OTHER_COLOR = 'purple';

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

function column(frame: DataFrame, name: string): Field | undefined {
  return frame.fields.find((field) => field.name === name);
}

/**
 * Marks as a panel's own: Grafana draws a frame of this topic over the panel's series and keeps its colours and links,
 * which it takes away from the annotations of a dashboard.
 */
export function overlay(frame: DataFrame, query: AuditQuery, titles: LinkTitles): DataFrame {
  const time = column(frame, 'time');
  if (!time || frame.name !== 'annotations') {
    return frame;
  }
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  const end = column(frame, 'timeEnd');
  const fields = frame.fields.map((field): Field => {
    const link = { targetBlank: true, url: '${__value.raw}', title: titles.console };
    switch (field.name) {
      case 'tags':
        return field.type === FieldType.string
          ? { ...field, type: FieldType.other, values: field.values.map((tags) => (tags ? tags.split(',') : [])) }
          : field;
      case 'console_url':
        return { ...field, config: { ...field.config, links: [link] } };
      case 'id':
        return { ...field, name: 'event_id' };
      default:
        return field;
    }
  });
  // Only annotations with another id than 0 have the buttons to edit and delete, which cannot work on events.
  fields.push({ name: 'id', type: FieldType.number, config: {}, values: rows.map(() => 0) });
  if (!column(frame, 'color')) {
    const state = column(frame, 'newState');
    const values = rows.map((row) => COLORS[state?.values[row]] ?? OTHER_COLOR);
    fields.push({ name: 'color', type: FieldType.string, config: {}, values });
  }
  if (!column(frame, 'isRegion')) {
    const values = rows.map((row) => Boolean(end?.values[row]) && end?.values[row] !== time.values[row]);
    fields.push({ name: 'isRegion', type: FieldType.boolean, config: {}, values });
  }
  fields.push({
    name: 'details',
    type: FieldType.string,
    config: {
      links: [{ title: titles.details, url: '/explore?schemaVersion=1&panes=${__value.raw}', targetBlank: true }],
    },
    values: rows.map((row) => pane(query, time.values[row], end?.values[row] || time.values[row])),
  });
  return { ...frame, fields, meta: { ...frame.meta, dataTopic: DataTopic.Annotations } };
}
