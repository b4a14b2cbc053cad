import { CoreApp } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

import { isGrafana } from './grafana';

/** The query model's version that this front end writes. */
export const VERSION = 1;

export const QUESTIONS = ['events', 'counts', 'annotations', 'values', 'volume'] as const;
export type Question = (typeof QUESTIONS)[number];

/** The columns of an event, as the backend names them. */
export const COLUMNS = [
  'principal',
  'kind',
  'region',
  'locality',
  'organization',
  'project',
  'principal_id',
  'product',
  'service',
  'method',
  'resource_id',
  'resource_type',
  'resource_name',
  'source_ip',
  'user_agent',
  'status_class',
  'result',
  'failure_reason',
  'country',
  'origin',
  'mfa',
  'action',
  'status',
  'risk_class',
  'severity',
  'attack',
  'id',
  'request_id',
] as const;
export type Column = (typeof COLUMNS)[number];

/** Each event has a value of its own in these. */
const UNIQUE: readonly Column[] = ['id', 'request_id'];

export const GROUPINGS: readonly Column[] = COLUMNS.filter((column) => !UNIQUE.includes(column));

export const MOST_GROUPINGS = 8;

/** One text, or a list of them. */
export type Texts = string | string[];

/** The events of a query: each non-empty list must have a value that matches. A value may be a variable. */
export interface Scope {
  kinds?: string[];
  regions?: string[];
  products?: string[];
  services?: string[];
  methods?: string[];
  resourceTypes?: string[];
  resourceIds?: string[];
  resourceNames?: string[];
  principals?: string[];
  sourceIps?: string[];
  projects?: string[];
  status?: string[];
  riskClasses?: string[];
  severities?: string[];
  /** One of these stands somewhere in the event. */
  text?: Texts;
  /** None of these stands anywhere in the event. */
  notText?: Texts;
}

export type ScopeTexts = 'text' | 'notText';
export type ScopeList = Exclude<keyof Scope, ScopeTexts>;

export const SCOPE_LISTS: readonly ScopeList[] = [
  'kinds',
  'products',
  'services',
  'methods',
  'principals',
  'sourceIps',
  'resourceIds',
  'resourceNames',
  'resourceTypes',
  'regions',
  'projects',
  'status',
  'severities',
  'riskClasses',
];

export const KINDS = ['api', 'authentication', 'system'];
export const STATUSES = ['succeeded', 'denied', 'failed'];
export const SEVERITIES = ['critical', 'high', 'medium', 'low'];
export const RISK_CLASSES = [
  'change',
  'credential_creation',
  'crypto_impact',
  'data_exfil',
  'denied_actions',
  'execution',
  'identity_creation',
  'logging_tamper',
  'login_failures',
  'network_exposure',
  'policy_weakening',
  'privilege_grant',
  'resource_destroy',
  'resource_hijack',
  'service_disruption',
  'session',
];

export const OPERATORS = ['=', '!=', '=~', '!~', '=|', '!=|', '<', '<=', '>', '>='] as const;
export type Operator = (typeof OPERATORS)[number];

/** The value of a column that an event lacks, under `=`, `!=`, `=|` and `!=|`. */
export const NONE = '(none)';

/** A condition on one column, from an editor, a dashboard's ad-hoc filters or a click on a log line's value. */
export interface Filter {
  key: string;
  operator: Operator;
  value: string;
  values?: string[];
}

/** A number, or a variable that stands for one. */
export type Amount = number | string;

/** A question about events, as Grafana stores it and as the backend takes it. */
export interface AuditQuery extends DataQuery {
  version?: number;
  queryType?: Question;
  scope?: Scope;
  filters?: Filter[];
  /** `annotations`: at most this many; without it the backend computes how many the window has room for. */
  cap?: Amount;
  /** `annotations`: which events share an annotation; those that are close, or only those beyond the cap. */
  cluster?: 'near' | 'overflow';
  /** `annotations` without `overlay`: whether the severity chooses the colour, instead of the annotation's settings. */
  severityColors?: boolean;
  /** `annotations`: marks of a panel's own query, beside another data source's series. */
  overlay?: boolean;
  /** `events` */
  format?: 'logs' | 'table';
  /** `events`: at most this many. */
  limit?: Amount;
  /** `events`: which of them where there are more than `limit`. */
  order?: 'newest' | 'oldest';
  /** `counts` */
  over?: 'time' | 'total';
  /** `counts` */
  groupBy?: string[];
  /** `counts` */
  groupLimit?: Amount;
  /** `counts`: the IANA name of the time zone in which buckets begin; the dashboard's where it is absent. */
  timezone?: string;
  /** `values` */
  column?: string;
  /** `values`: whether "(none)" is one of them where an event lacks the column. */
  withNone?: boolean;
  /** The names of the dashboard's variables without a value that would have to select something. */
  emptyVariables?: string[];
  /**
   * The dashboard's filter bars, as variables: Grafana asks a panel of mixed data sources again when one of them changes only
   * where its query names them.
   */
  dependsOn?: string[];
  /** Set by Explore when it scrolls for more lines. */
  supportingQueryType?: string;
}

export const DEFAULTS = {
  limit: 1000,
  groupLimit: 50,
  column: 'principal',
  format: 'logs',
  over: 'time',
} as const;

/** The most annotations that are sent to be clustered by Grafana. */
const OVERFLOW_CAP = 1000;

export const LIMITS = { cap: 5000, limit: 1_000_000, groupLimit: 1000 } as const;

/** Fields that Grafana puts into every query and that ask nothing. */
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

/** Whether a query asks nothing yet. */
export function isEmpty(query: Partial<AuditQuery> | undefined): boolean {
  return (
    !query || Object.entries(query).every(([key, value]) => GRAFANAS.has(key) || value === undefined || value === '')
  );
}

/** A new query, which shows data at once. */
export function newQuery(app?: CoreApp | string): Partial<AuditQuery> {
  switch (app) {
    case CoreApp.Explore:
      return { version: VERSION, queryType: 'events', format: 'logs' };
    case CoreApp.UnifiedAlerting:
    case CoreApp.CloudAlerting:
      return { version: VERSION, queryType: 'counts', over: 'total' };
    default:
      return { version: VERSION, queryType: 'counts', over: 'time', groupBy: ['status_class'] };
  }
}

/** A query for all events: no condition at all. */
export function everything(): Pick<AuditQuery, 'scope' | 'filters'> {
  return { scope: {}, filters: undefined };
}

/**
 * A new annotation, which shows events at once and does not hide the metric: medium severity and above,
 * without log-ins, failed ones included, and renewals of sessions. All of it is in sight in the editor.
 */
export function newAnnotation(): Partial<AuditQuery> {
  return {
    version: VERSION,
    queryType: 'annotations',
    scope: { severities: ['critical', 'high', 'medium'] },
    filters: ['session', 'login_failures'].map((value) => ({ key: 'risk_class', operator: '!=', value })),
  };
}

const NOT_OF_ANNOTATIONS = ['overlay', 'limit', 'type', 'tags', 'matchAny'];

/**
 * An annotation's query as it is sent: a new one with its conditions, a stored one with no others than it was stored with.
 * An overlay would have Grafana take the frame for a panel's own annotations. The other fields that are left out are what Grafana's
 * own annotations leave behind in a new one: the data source that was chosen first prepares it while the next one is being loaded.
 */
export function annotationQuery(target: AuditQuery | undefined): AuditQuery {
  const stored = Object.entries(target ?? {}).filter(([name]) => !NOT_OF_ANNOTATIONS.includes(name));
  const query: Partial<AuditQuery> = Object.fromEntries(stored);
  const defaults = isEmpty(query) ? newAnnotation() : { version: VERSION };
  return { ...defaults, ...query, queryType: 'annotations', refId: query.refId || 'Anno' };
}

/** The default of the events that share an annotation: Grafana clusters annotations itself since 13.1. */
export function defaultCluster(): NonNullable<AuditQuery['cluster']> {
  return isGrafana(13, 1) ? 'overflow' : 'near';
}

/** The default of the most annotations; undefined if the backend computes it. */
export function mostAnnotations(cluster: AuditQuery['cluster']): number | undefined {
  return (cluster ?? defaultCluster()) === 'overflow' ? OVERFLOW_CAP : undefined;
}

/** A query for annotations that says what Grafana's version leaves to the data source. */
export function withCluster(query: AuditQuery): AuditQuery {
  if (query.queryType !== 'annotations' || query.cluster || defaultCluster() === 'near') {
    return query;
  }
  return { ...query, cluster: 'overflow', cap: query.cap ?? mostAnnotations('overflow') };
}

/** The query of a new variable. */
export function newVariable(): Partial<AuditQuery> {
  return { version: VERSION, queryType: 'values', column: DEFAULTS.column };
}

/** A variable's query as it is sent; Grafana stores a new one as an empty text. */
export function variableQuery(stored: Partial<AuditQuery> | string | undefined): AuditQuery {
  const query = typeof stored === 'object' ? stored : {};
  return { ...newVariable(), ...query, queryType: 'values', refId: query.refId || 'Variable' };
}

/** The query as it will be understood: a new one with its defaults, a stored one as the backend reads it. */
export function understood(query: AuditQuery, app?: CoreApp | string): AuditQuery & { queryType: Question } {
  if (isEmpty(query)) {
    return { ...query, ...newQuery(app) } as AuditQuery & { queryType: Question };
  }
  return { ...query, queryType: query.queryType || (query.refId === 'Anno' ? 'annotations' : 'events') };
}

/** A scope with one list changed; an empty list is left out, so that stored queries stay short. */
export function withList(scope: Scope | undefined, name: ScopeList, values: string[]): Scope {
  const { [name]: _, ...rest } = scope ?? {};
  return values.length ? { ...rest, [name]: values } : rest;
}

/** The texts of a scope, however they were written. */
export function textsOf(texts: Texts | undefined): string[] {
  return (Array.isArray(texts) ? texts : [texts ?? '']).filter((text) => text.trim());
}

/** A scope with its texts changed; a single one is stored as a text, which earlier versions read too. */
export function withTexts(scope: Scope | undefined, name: ScopeTexts, values: string[]): Scope {
  const { [name]: _, ...rest } = scope ?? {};
  const texts = [...new Set(textsOf(values))];
  return texts.length ? { ...rest, [name]: texts.length > 1 ? texts : texts[0] } : rest;
}
