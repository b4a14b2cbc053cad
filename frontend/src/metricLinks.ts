import {
  type DataFrame,
  type DataLink,
  type Field,
  FieldType,
  locationUtil,
  type RawTimeRange,
  type TypedVariableModel,
  urlUtil,
} from '@grafana/data';

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
  const [from, to] = [range.from, range.to].map((end) => (typeof end === 'string' ? end : String(end.valueOf())));
  const panes = JSON.stringify({ metrics: { datasource: uid, queries, range: { from, to } } });
  return locationUtil.assureBaseUrl(urlUtil.renderUrl('/explore', { schemaVersion: '1', panes }));
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

/** A link of those values that have an address; Grafana leaves out a link without one. */
function link(addresses: ReadonlyMap<unknown, string>): DataLink {
  return {
    title: t('metrics.link', 'Metrics of the resource'),
    url: '',
    targetBlank: true,
    // Rows are sorted and filtered after this: the value says which it is.
    onBuildUrl: ({ replaceVariables }) => addresses.get(replaceVariables?.('${__value.raw}')) ?? '',
  };
}

/** The addresses of values; of a value with several, such as a name of two resources, none. */
function addressesOf(values: Field['values'], addresses: ReadonlyArray<string | undefined>): Map<unknown, string> {
  const found = new Map<unknown, string>();
  const ambiguous = new Set<unknown>();
  values.forEach((value, row) => {
    const address = addresses[row] ?? '';
    if (found.has(value) && found.get(value) !== address) {
      ambiguous.add(value);
    }
    found.set(value, address);
  });
  return new Map([...found].filter(([value, address]) => address && !ambiguous.has(value)));
}

/** A frame whose resources link to their metrics, where Cockpit has some and the user may open Explore. */
export function withMetricLinks(frame: DataFrame, metrics: Metrics | undefined): DataFrame {
  const resources = metrics && canExplore() ? touched(frame) : undefined;
  if (!metrics || !resources) {
    return frame;
  }
  const expressions = resources.map(metricsOf);
  const addresses = expressions.map((all) => (all.length ? explore(all, metrics) : undefined));
  if (!addresses.some(Boolean)) {
    return frame;
  }
  const linked = (field: Field) => {
    const links = [...(field.config.links ?? []), link(addressesOf(field.values, addresses))];
    return { ...field, config: { ...field.config, links } };
  };
  if (frame.meta?.type === 'log-lines') {
    const values = expressions.map(([first]) => first ?? null);
    const field: Field = { name: 'metrics', type: FieldType.string, config: {}, values };
    return { ...frame, fields: [...frame.fields, linked(field)] };
  }
  return { ...frame, fields: frame.fields.map((field) => (LINKED.includes(field.name) ? linked(field) : field)) };
}
