import { type DataFrame, type Field, FieldType, type RawTimeRange, type TypedVariableModel } from '@grafana/data';

import { exploreAddress, withRowLink } from './explore';
import { canExplore } from './grafana';
import { metricsOf, type Touched } from './measured';
import { reference } from './references';
import { t } from './translation';

/** Where a link to metrics leads: a data source of metrics, and the range of the events. */
export interface Metrics {
  uid: string;
  range: RawTimeRange;
}

/** The columns of a table that link to the metrics of a row's resource. */
const LINKED = ['resource_id', 'resource_name'];

/** The dashboard's variable that chooses a data source of metrics. */
export function metricsVariable(variables: readonly TypedVariableModel[]): string | undefined {
  const found = variables.find((variable) => variable.type === 'datasource' && variable.query === 'prometheus');
  return found && reference(found.name);
}

/** Explore with the metrics of a resource. */
function explore(expressions: string[], { uid, range }: Metrics): string {
  const datasource = { type: 'prometheus', uid };
  const queries = expressions.map((expr, i) => ({
    refId: 'ABCDEFGH'[i],
    datasource,
    editorMode: 'code',
    expr,
    range: true,
  }));
  return exploreAddress('metrics', { datasource: uid, queries, range });
}

function column(frame: DataFrame, name: string): Field['values'] {
  return frame.fields.find((field) => field.name === name)?.values ?? [];
}

/** The resources of a frame's rows, in a table's columns or in the labels of log lines. */
function touched(frame: DataFrame): Touched[] | undefined {
  const [labels, types, ids, bodies, resources] = [
    'labels',
    'resource_type',
    'resource_id',
    'request_body',
    'resources',
  ].map((name) => column(frame, name));
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  if (types.length && ids.length) {
    return rows.map((row) => ({ type: types[row], id: ids[row], details: [resources[row], bodies[row]] }));
  }
  return frame.meta?.type === 'log-lines'
    ? rows.map((row) => ({ type: labels[row]?.resource_type, id: labels[row]?.resource_id, details: [bodies[row]] }))
    : undefined;
}

/** The address of a resource's metrics in Explore; undefined where Cockpit has none. */
export function metricsAddress(resource: Touched, metrics: Metrics): string | undefined {
  const expressions = metricsOf(resource);
  return expressions.length ? explore(expressions, metrics) : undefined;
}

/** The name of a link to metrics. */
export function metricsTitle(): string {
  return t('metrics.link', 'Metrics of the resource');
}

/** A frame whose resources link to their metrics, where Cockpit has some and the user may open Explore. */
export function withMetricLinks(frame: DataFrame, metrics: Metrics | undefined): DataFrame {
  const resources = metrics && canExplore() ? touched(frame) : undefined;
  if (!metrics || !resources) {
    return frame;
  }
  const addresses = resources.map((resource) => metricsAddress(resource, metrics));
  if (!addresses.some(Boolean)) {
    return frame;
  }
  const linked = (field: Field) => withRowLink(field, metricsTitle(), addresses);
  if (frame.meta?.type === 'log-lines') {
    const values = resources.map((resource) => metricsOf(resource)[0] ?? null);
    const field: Field = { name: 'metrics', type: FieldType.string, config: {}, values };
    return { ...frame, fields: [...frame.fields, linked(field)] };
  }
  return { ...frame, fields: frame.fields.map((field) => (LINKED.includes(field.name) ? linked(field) : field)) };
}
