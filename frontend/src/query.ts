import { CoreApp } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

import type { Filter } from './conditions';
import { isAlerting } from './grafana';
import { questionOf, QUESTIONS, type Field, type QuestionFields, type QuestionName } from './questions';
import type { Scope } from './scope';

/** The query model's version that this front end writes. */
export const VERSION = 1;

/** A question about events, as Grafana stores it and as the backend takes it. */
export interface AuditQuery extends DataQuery, QuestionFields {
  version?: number;
  queryType?: QuestionName;
  scope?: Scope;
  filters?: Filter[];
  /** The names of the dashboard's variables without a value that would have to select something. */
  emptyVariables?: string[];
  /** The language of the answer's sentences, set when a query is sent. */
  language?: string;
  /**
   * The dashboard's filter bars, as variables: when one of them changes, Grafana refreshes a panel of mixed data sources only
   * if its query names it.
   */
  dependsOn?: string[];
  /** Set by Explore when it scrolls for more lines. */
  supportingQueryType?: string;
}

/** Fields that Grafana puts into every query and that are no part of the question. */
const GRAFANAS = new Set([
  'refId',
  'datasource',
  'datasourceId',
  'hide',
  'key',
  'intervalMs',
  'maxDataPoints',
  'interval',
  'queryCachingTTL',
  'supportingQueryType',
]);

/** Whether a query has no question yet. */
export function isEmpty(query: Partial<AuditQuery> | undefined): boolean {
  return (
    !query || Object.entries(query).every(([key, value]) => GRAFANAS.has(key) || value === undefined || value === '')
  );
}

/** A new query, which shows data at once. */
export function newQuery(app?: CoreApp | string): Partial<AuditQuery> {
  if (app === CoreApp.Explore) {
    return { version: VERSION, queryType: 'events', format: 'logs' };
  }
  return isAlerting(app)
    ? { version: VERSION, queryType: 'counts', over: 'total' }
    : { version: VERSION, queryType: 'counts', over: 'time', groupBy: ['status_class'] };
}

/** The fields of a query's question, in one order. */
function asked(query: Partial<AuditQuery>): string {
  const fields = Object.entries(query).filter(
    ([name, value]) => !GRAFANAS.has(name) && name !== 'dependsOn' && value !== undefined
  );
  return JSON.stringify(fields.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Whether a query is as Grafana adds it: none of its fields was changed yet. */
export function isNew(query: AuditQuery, app?: CoreApp | string): boolean {
  return isEmpty(query) || asked(query) === asked(newQuery(app));
}

/** An annotation of all events: no condition at all, and no choice among them. */
export function everything(): Pick<AuditQuery, 'scope' | 'filters' | 'relevance'> {
  return { scope: {}, filters: undefined, relevance: undefined };
}

/** A new annotation, which shows what matters at once and does not hide the metric. */
function newAnnotation(): Partial<AuditQuery> {
  return { version: VERSION, queryType: 'annotations', relevance: 'important' };
}

const NOT_OF_ANNOTATIONS = ['overlay', 'limit', 'type', 'tags', 'matchAny'];

/**
 * An annotation's query as it was stored. An overlay would have Grafana take the frame for a panel's own annotations. The other
 * fields that are left out are those of Grafana's own annotations, which a new one has: its first data source prepares it while
 * the chosen one is being loaded.
 */
function storedAnnotation(target: AuditQuery | undefined): Partial<AuditQuery> {
  // Those of rules have the names of two fields of Grafana's own annotations.
  const isOfRules = target?.queryType === 'detections';
  return Object.fromEntries(
    Object.entries(target ?? {}).filter(
      ([name]) => !NOT_OF_ANNOTATIONS.includes(name) || (isOfRules && ['limit', 'tags'].includes(name))
    )
  );
}

/** Whether an annotation is as Grafana adds it. */
export function isNewAnnotation(target: AuditQuery | undefined): boolean {
  return isEmpty(storedAnnotation(target));
}

/** An annotation's query as it is sent: a new one with its conditions, a stored one with no others than it was stored with. */
export function annotationQuery(target: AuditQuery | undefined): AuditQuery {
  const query = storedAnnotation(target);
  const defaults = isEmpty(query) ? newAnnotation() : { version: VERSION };
  const question =
    query.queryType === 'detections'
      ? { queryType: query.queryType, show: 'annotations' as const }
      : { queryType: 'annotations' as const };
  return { ...defaults, ...query, ...question, refId: query.refId || 'Anno' };
}

/** A query for annotations with the clustering that suits Grafana's version. */
export function withCluster(query: AuditQuery): AuditQuery {
  const { cluster, cap } = QUESTIONS.annotations.defaults(query);
  return query.queryType !== 'annotations' || query.cluster || cluster === 'near'
    ? query
    : { ...query, cluster, cap: query.cap ?? cap };
}

/** The query of a new variable. */
export function newVariable(): Partial<AuditQuery> {
  return { version: VERSION, queryType: 'values', ...QUESTIONS.values.defaults({}) };
}

/** A variable's query as it is sent; Grafana stores a new one as an empty text. */
export function variableQuery(stored: Partial<AuditQuery> | string | undefined): AuditQuery {
  const query = typeof stored === 'object' ? stored : {};
  return { ...newVariable(), ...query, queryType: 'values', refId: query.refId || 'Variable' };
}

/** The query as it will be understood: a new one with its defaults, a stored one as the backend reads it. */
export function understood(query: AuditQuery, app?: CoreApp | string): AuditQuery & { queryType: QuestionName } {
  if (isEmpty(query)) {
    return { ...query, ...newQuery(app) } as AuditQuery & { queryType: QuestionName };
  }
  return { ...query, queryType: query.queryType || (query.refId === 'Anno' ? 'annotations' : 'events') };
}

/** The values of the fields that a query leaves out. */
export function defaultsOf(query: AuditQuery): Partial<AuditQuery> {
  return questionOf(query.queryType).defaults(query);
}

/** A query with the values of the fields that it leaves out. */
export function withDefaults(query: AuditQuery): AuditQuery {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return { ...query, ...defaultsOf(query), ...Object.fromEntries(given) };
}

/** Whether a query has these fields with these values. */
export function matches(query: AuditQuery, fields: Record<string, unknown>): boolean {
  return Object.entries(fields).every(([name, value]) => query[name as keyof AuditQuery] === value);
}

/** The fields of a query's question that have an effect, by name. */
export function fieldsOf(query: AuditQuery): Array<[name: string, Field]> {
  const fields = Object.entries(questionOf(query.queryType).fields);
  return fields.filter(([, { unless }]) => !unless || !matches(query, unless));
}
