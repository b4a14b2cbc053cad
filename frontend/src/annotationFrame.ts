import { CoreApp, type DataFrame, type Field, FieldType, locationUtil, textUtil } from '@grafana/data';
import { config, locationService } from '@grafana/runtime';

import { TROUBLESHOOTING } from './documentation';
import { exploreAddress } from './explore';
import { canExplore } from './grafana';
import type { Touched } from './measured';
import { metricsAddress, metricsTitle, type Metrics } from './metricLinks';
import { VERSION, type AuditQuery } from './query';
import { relatedQueries } from './related';
import { t } from './translation';

/** The time around an event in Explore, in milliseconds. */
const AROUND = 500;

/** The time around an event in which what is related to it is shown, in milliseconds. */
const RELATED = 24 * 3_600_000;

/** The time around an event in a zoomed dashboard, in milliseconds. */
const ZOOM = 5 * 60_000;

/** The plugin's backend makes no other addresses: parts of a path, without a query or an escape. */
const CONSOLE_PAGE = /^https:\/\/console\.scaleway\.com\/[A-Za-z0-9/-]*$/;

/** The id of one event; the id of a cluster ends with the number of its other events. */
const EVENT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The prefix of the ids of intervals from which events may be missing. */
const INCOMPLETE = 'incomplete-';

/** The prefix of the id of the annotation of all events that have none. */
const REST = 'rest+';

/** The path of a dashboard in the location, and its parameters about editing. */
const DASHBOARDS: readonly unknown[] = [CoreApp.Dashboard, CoreApp.PanelEditor, CoreApp.PanelViewer];
const EDITING = ['editview', 'editIndex', 'editPanel', 'inspect', 'inspectTab', 'shareView', 'tab'];

interface Asked {
  /** With its data source, and without variables. */
  query: AuditQuery;
  app: CoreApp | string | undefined;
  /** Where links to metrics lead; without it, there are none. */
  metrics?: Metrics;
}

/** The facts about an event that links need. Times are in milliseconds since 1970. */
interface Event {
  id: string;
  from: number;
  to: number;
  /** The id of its principal, and its source address, where the backend names them. */
  principal?: string;
  address?: string;
  resource: Touched;
}

/** The conditions by which an annotation's events are found in its time. They need not be about the resource of its query. */
function conditions({ id, principal }: Event, { scope, filters = [], relevance }: AuditQuery) {
  const ofAnyResource = { ...scope, resourceIds: undefined, resourceNames: undefined };
  const and = (key: string, value: string) => [...filters, { key, operator: '=' as const, value }];
  if (EVENT_ID.test(id)) {
    return { scope: ofAnyResource, filters: and('id', id) };
  }
  if (relevance !== 'important') {
    return { scope, filters };
  }
  // The events of the whole range show the relatives, and those of a cluster's time do not.
  return id.startsWith(REST)
    ? { scope, filters, relatives: true }
    : { scope: ofAnyResource, filters: principal ? and('principal_id', principal) : filters };
}

/** Explore with one event, with those of a cluster's time, or with all of the range. */
function explore(event: Event, query: AuditQuery): string {
  const { datasource } = query;
  const found = conditions(event, query);
  const asked = { refId: 'A', datasource, version: VERSION, queryType: 'events', format: 'logs', ...found };
  return pane(query, asked, { from: String(event.from - AROUND), to: String(event.to + AROUND) });
}

/** Explore with a query. */
function pane({ datasource }: AuditQuery, asked: object, range: { from: string; to: string }): string {
  return exploreAddress('audit', { datasource: datasource?.uid, queries: [asked], range });
}

/** Explore with what is related to an event: all of its address and of its principal, and who made its credentials. */
function related({ principal, address, from, to }: Event, query: AuditQuery): Array<[text: string, address: string]> {
  const range = { from: String(from - RELATED), to: String(to + RELATED) };
  return relatedQueries(principal, address).map(({ title, query: asked }) => [
    title,
    pane(query, { ...asked, datasource: query.datasource }, range),
  ]);
}

/** The dashboard in view around an event. */
function zoomed({ from, to }: Event): string {
  const location = locationService.getLocation();
  // A second slash at the beginning would make a host of the path.
  const pathname = location.pathname.replace(/^[/\\]+/, '/');
  const range = { from: String(from - ZOOM), to: String(to + ZOOM) };
  const without = Object.fromEntries(EDITING.map((name) => [name, null]));
  return locationUtil.getUrlForPartial({ ...location, pathname }, { ...without, ...range });
}

function link(address: string, text: string, newTab: boolean): string {
  const target = newTab ? ' target="_blank" rel="noopener noreferrer"' : '';
  return `<a href="${textUtil.escapeHtml(address)}"${target}>${textUtil.escapeHtml(text)}</a>`;
}

/** The links of an event: only those that the user may open. */
function links(event: Event, page: unknown, { query, app, metrics }: Asked): string[] {
  if (event.id.startsWith(INCOMPLETE)) {
    return [link(TROUBLESHOOTING, t('annotation.about', 'What this means'), true)];
  }
  const all: string[] = [];
  if (canExplore()) {
    all.push(link(explore(event, query), t('overlay.details', 'Event details'), true));
    const measured = metrics && metricsAddress(event.resource, metrics);
    if (measured) {
      all.push(link(measured, metricsTitle(), true));
    }
    all.push(...related(event, query).map(([text, address]) => link(address, text, true)));
  } else if (DASHBOARDS.includes(app)) {
    all.push(link(zoomed(event), t('annotation.zoom', 'Zoom to the event'), false));
  }
  if (typeof page === 'string' && CONSOLE_PAGE.test(page)) {
    all.push(link(page, t('overlay.console', 'Open in the Scaleway console'), true));
  }
  return all;
}

/** Grafana's tooltip is as wide as its longest line, up to the window's width. */
const LINES = 'max-width: 480px; overflow-wrap: anywhere';

/**
 * A title as the backend escaped it, in the color and weight of a heading. Grafana puts a line break after it, which
 * after a block would be an empty line.
 */
function emphasized(title: string): string {
  const color = config.theme2?.colors.text.primary;
  const style = `display: inline-block; ${LINES}${color ? `; color: ${textUtil.escapeHtml(color)}` : ''}`;
  return `<b style="${style}">${title}</b>`;
}

/** The visible text of a markup, in lines. */
function plain(markup: string): string {
  const document = new DOMParser().parseFromString(
    markup.replace(/<br\s*\/?>|<(?:details|\/(?:div|p|li|summary))>/g, '\n'),
    'text/html'
  );
  const lines = (document.body.textContent ?? '').split('\n').map((line) => line.trim());
  return lines.filter(Boolean).join('\n');
}

function column(frame: DataFrame, name: string): Field['values'] {
  return frame.fields.find((field) => field.name === name)?.values ?? [];
}

/** The fields that links are made of. */
const FOR_LINKS = [
  'cluster_end',
  'console_url',
  'principal_id',
  'source_ip',
  'resource_type',
  'resource_id',
  'resource_parents',
];

/** A frame with the fields that Grafana reads of annotations, their titles and texts made by the functions given. */
function annotationsOf(
  frame: DataFrame,
  made: { title: (title: string) => string; text: (text: string, row: number) => string }
): DataFrame {
  const fields = frame.fields
    .filter(({ name }) => !FOR_LINKS.includes(name))
    .map((field) => {
      switch (field.name) {
        case 'id':
          return { ...field, name: 'event_id' };
        case 'title':
        case 'text':
          return { ...field, values: field.values.map(made[field.name]) };
        default:
          return { ...field };
      }
    });
  fields.push({ name: 'id', type: FieldType.number, config: {}, values: new Array<number>(frame.length).fill(0) });
  return { ...frame, fields };
}

/** Whether the answer to a query is a frame of annotations. */
export function isAnnotations({ queryType, show }: AuditQuery): boolean {
  return (
    queryType === 'annotations' ||
    (show === 'annotations' && (queryType === 'investigate' || queryType === 'detections'))
  );
}

/** Annotations without markup, as their settings preview them. */
export function plainAnnotations(frame: DataFrame): DataFrame {
  return annotationsOf(frame, { title: plain, text: plain });
}

/**
 * Annotations as they are shown: titles emphasized, texts with links, and no buttons to edit and delete, which cannot work
 * on events: Grafana gives none to those with the id 0.
 */
export function dressedAnnotations(frame: DataFrame, asked: Asked): DataFrame {
  const [ids, times, ends, pages, principals, addresses, types, resources, parents] = ['id', 'time', ...FOR_LINKS].map(
    (name) => column(frame, name)
  );
  const linked = (text: string, row: number) => {
    const event = {
      id: String(ids[row] ?? ''),
      from: times[row],
      to: ends[row] ?? times[row],
      principal: principals[row] ?? undefined,
      address: addresses[row] ?? undefined,
      // The ids of parents have spaces between them.
      resource: {
        type: types[row],
        id: resources[row],
        parents: String(parents[row] ?? '')
          .split(' ')
          .filter(Boolean),
      },
    };
    const found = links(event, pages[row], asked);
    const below = found.length ? `<div>${found.join(' · ')}</div>` : '';
    return text || below ? `<div style="${LINES}">${text}${below}</div>` : '';
  };
  return annotationsOf(frame, { title: emphasized, text: linked });
}
