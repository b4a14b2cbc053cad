import { type DataFrame, type Field, FieldType } from '@grafana/data';

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

/** Marks without the buttons to edit and delete, which cannot work on events: Grafana gives none to those with the id 0. */
export function withoutButtons(frame: DataFrame): DataFrame {
  const fields = frame.fields.map((field) => (field.name === 'id' ? { ...field, name: 'event_id' } : field));
  fields.push({ name: 'id', type: FieldType.number, config: {}, values: new Array<number>(frame.length).fill(0) });
  return { ...frame, fields };
}

/**
 * Marks as a panel's own, with links: Grafana draws a frame of this topic over the panel's series and keeps its colours
 * and links, which it takes away from the annotations of a dashboard.
 */
export function overlay(frame: DataFrame, query: AuditQuery, titles: LinkTitles): DataFrame {
  const time = column(frame, 'time');
  const end = column(frame, 'timeEnd');
  const fields = frame.fields.map((field) =>
    // Grafana shows the link of every mark, so that each must lead somewhere.
    field.name === 'console_url'
      ? linked({ ...field, values: field.values.map((url) => url || CONSOLE) }, titles.console, '${__value.raw}')
      : field
  );
  const values = (time?.values ?? []).map((from, row) => pane(query, from, end?.values[row] || from));
  const details = { name: 'details', type: FieldType.string, config: {}, values };
  fields.push(linked(details, titles.details, '/explore?schemaVersion=1&panes=${__value.raw}'));
  return { ...frame, fields };
}
