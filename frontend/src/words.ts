import { t } from '@grafana/i18n';

import {
  DEFAULTS,
  mostAnnotations,
  NONE,
  textsOf,
  understood,
  withCluster,
  type AuditQuery,
  type Filter,
  type Scope,
  type ScopeList,
} from './query';

/** The name of a column, for people. */
export function columnName(column: string): string {
  switch (column) {
    case 'principal':
      return t('column.principal', 'principal');
    case 'principal_id':
      return t('column.principal_id', 'principal id');
    case 'product':
      return t('column.product', 'product');
    case 'service':
      return t('column.service', 'service');
    case 'method':
      return t('column.method', 'method');
    case 'status_class':
      return t('column.status_class', 'result');
    case 'status':
      return t('column.status', 'status code');
    case 'region':
      return t('column.region', 'region');
    case 'locality':
      return t('column.locality', 'locality');
    case 'project':
      return t('column.project', 'project');
    case 'organization':
      return t('column.organization', 'organization');
    case 'resource_type':
      return t('column.resource_type', 'resource type');
    case 'resource_id':
      return t('column.resource_id', 'resource id');
    case 'resource_name':
      return t('column.resource_name', 'resource name');
    case 'source_ip':
      return t('column.source_ip', 'source address');
    case 'user_agent':
      return t('column.user_agent', 'user agent');
    case 'kind':
      return t('column.kind', 'kind of event');
    case 'risk_class':
      return t('column.risk_class', 'risk class');
    case 'severity':
      return t('column.severity', 'severity');
    case 'country':
      return t('column.country', 'country');
    case 'result':
      return t('column.result', 'result of a log-in');
    case 'failure_reason':
      return t('column.failure_reason', 'reason of a failed log-in');
    case 'origin':
      return t('column.origin', 'origin of a log-in');
    case 'mfa':
      return t('column.mfa', 'second factor');
    case 'action':
      return t('column.action', 'action of a server');
    case 'attack':
      return t('column.attack', 'ATT&CK techniques');
    case 'id':
      return t('column.id', 'event id');
    case 'request_id':
      return t('column.request_id', 'request id');
    default:
      return column;
  }
}

/** The name of a list of the scope, for people. */
export function listName(list: ScopeList): string {
  const columns: Record<ScopeList, string> = {
    kinds: 'kind',
    regions: 'region',
    products: 'product',
    services: 'service',
    methods: 'method',
    resourceTypes: 'resource_type',
    resourceIds: 'resource_id',
    resourceNames: 'resource_name',
    principals: 'principal',
    sourceIps: 'source_ip',
    projects: 'project',
    status: 'status_class',
    riskClasses: 'risk_class',
    severities: 'severity',
  };
  return columnName(columns[list]);
}

/** The name of a fixed choice, for people; all else is a name already. */
export function valueName(value: string): string {
  switch (value) {
    case 'api':
      return t('value.api', 'API call');
    case 'authentication':
      return t('value.authentication', 'log-in');
    case 'system':
      return t('value.system', 'system event');
    case 'succeeded':
      return t('value.succeeded', 'succeeded');
    case 'denied':
      return t('value.denied', 'denied');
    case 'failed':
      return t('value.failed', 'failed');
    case 'critical':
      return t('value.critical', 'critical');
    case 'high':
      return t('value.high', 'high');
    case 'medium':
      return t('value.medium', 'medium');
    case 'low':
      return t('value.low', 'low');
    default:
      return value.replace(/^\$\{(\w+)\}$/, '$$$1');
  }
}

/** The scope's lists in the order in which a sentence names them. */
const SPOKEN: ScopeList[] = [
  'kinds',
  'products',
  'services',
  'methods',
  'resourceTypes',
  'resourceIds',
  'resourceNames',
  'principals',
  'sourceIps',
  'status',
  'severities',
  'riskClasses',
  'regions',
  'projects',
];

/** The most values that a sentence names. */
const NAMED = 4;

function or(values: string[]): string {
  if (values.length > NAMED) {
    const first = values.slice(0, NAMED - 1);
    return t('words.or-more', '{{first}} or one of {{more}} others', {
      first: first.join(', '),
      more: values.length - first.length,
      ...RAW,
    });
  }
  const last = values[values.length - 1];
  return values.length < 2
    ? (last ?? '')
    : t('words.or', '{{first}} or {{last}}', { first: values.slice(0, -1).join(', '), last, ...RAW });
}

function and(values: string[]): string {
  const last = values[values.length - 1];
  return values.length < 2
    ? (last ?? '')
    : t('words.and', '{{first}} and {{last}}', { first: values.slice(0, -1).join(', '), last, ...RAW });
}

/** React escapes what it shows; escaping twice would show entities. */
const RAW = { interpolation: { escapeValue: false } };

/** Whether a filter asks for the absence of its column: alone, and not as one of several values. */
export function isAboutNone({ operator, value, values }: Filter): boolean {
  const asked = operator === '=|' || operator === '!=|' ? (values ?? []) : [value];
  return ['=', '!=', '=|', '!=|'].includes(operator) && asked.length === 1 && ['', NONE].includes(asked[0]);
}

/** A filter, as part of a sentence. */
export function conditionWords(filter: Filter, nameOf: Names = () => undefined): string {
  const column = columnName(filter.key);
  if (isAboutNone(filter)) {
    return filter.operator.startsWith('!')
      ? t('words.set', '{{column}} is set', { column, ...RAW })
      : t('words.not-set', '{{column}} is not set', { column, ...RAW });
  }
  const several = filter.operator === '=|' || filter.operator === '!=|';
  const values = several ? (filter.values ?? []) : [filter.value];
  const value = or(values.map((text) => nameOf(text) ?? valueName(text || NONE)));
  switch (filter.operator) {
    case '=':
    case '=|':
      return t('words.is', '{{column}} is {{value}}', { column, value, ...RAW });
    case '!=':
    case '!=|':
      return t('words.is-not', '{{column}} is not {{value}}', { column, value, ...RAW });
    case '=~':
      return t('words.matches', '{{column}} matches {{value}}', { column, value, ...RAW });
    case '!~':
      return t('words.matches-not', '{{column}} does not match {{value}}', { column, value, ...RAW });
    case '<':
      return t('words.less', '{{column}} is less than {{value}}', { column, value, ...RAW });
    case '<=':
      return t('words.at-most', '{{column}} is at most {{value}}', { column, value, ...RAW });
    case '>':
      return t('words.greater', '{{column}} is greater than {{value}}', { column, value, ...RAW });
    case '>=':
      return t('words.at-least', '{{column}} is at least {{value}}', { column, value, ...RAW });
  }
}

function conditions(scope: Scope = {}, filters: Filter[] = [], nameOf: Names): string[] {
  const parts = SPOKEN.filter((list) => scope[list]?.length).map((list) =>
    t('words.is', '{{column}} is {{value}}', {
      column: listName(list),
      value: or((scope[list] ?? []).map((value) => nameOf(value) ?? valueName(value))),
      ...RAW,
    })
  );
  const quoted = (texts: string[]) =>
    or(texts.map((text) => t('words.quoted', '“{{text}}”', { text: text.trim(), ...RAW })));
  const [texts, notTexts] = [textsOf(scope.text), textsOf(scope.notText)];
  if (texts.length) {
    parts.push(t('words.contains', 'any field contains {{texts}}', { texts: quoted(texts), ...RAW }));
  }
  if (notTexts.length) {
    parts.push(t('words.contains-not', 'no field contains {{texts}}', { texts: quoted(notTexts), ...RAW }));
  }
  return [...parts, ...filters.map((filter) => conditionWords(filter, nameOf))];
}

/** The name behind an id, where it is known. */
export type Names = (id: string) => string | undefined;

/** A query as a sentence. */
export function words(query: AuditQuery, app?: string, nameOf: Names = () => undefined): string {
  const asked = understood(query, app);
  const parts = conditions(asked.scope, asked.filters, nameOf);
  const events = parts.length
    ? t('words.some-events', 'events where {{conditions}}', { conditions: and(parts), ...RAW })
    : t('words.all-events', 'all events');
  switch (asked.queryType) {
    case 'annotations':
      return annotationWords(asked, events);
    case 'counts':
      return countWords(asked, events);
    case 'values':
      return t('words.values', 'The distinct values of {{column}}: {{events}}.', {
        column: columnName(asked.column || DEFAULTS.column),
        events,
        ...RAW,
      });
    case 'volume':
      return t('words.volume', 'Number of events of each level, over time: {{events}}.', { events, ...RAW });
    default:
      return eventWords(asked, events);
  }
}

function annotationWords(query: AuditQuery, events: string): string {
  const { cluster, overlay, severityColors, cap = mostAnnotations(cluster) } = withCluster(query);
  const sentences = [
    cap === undefined
      ? t('words.annotations-auto', 'Annotations, as many as the graph has room for: {{events}}.', { events, ...RAW })
      : t('words.annotations', 'Annotations, at most {{cap}}: {{events}}.', {
          cap: valueName(String(cap)),
          events,
          ...RAW,
        }),
  ];
  if (cluster === 'overflow') {
    sentences.push(t('words.cluster-overflow', 'Events share an annotation only beyond this limit.'));
  }
  if (severityColors === false && !overlay) {
    sentences.push(t('words.own-color', 'All annotations have the color chosen above.'));
  }
  return sentences.join(' ');
}

function countWords({ over, groupBy, timezone }: AuditQuery, events: string): string {
  const by = and((groupBy ?? []).map(columnName));
  if (over === 'total') {
    return by
      ? t('words.total-by', 'Number of events in the range, for each {{by}}: {{events}}.', { by, events, ...RAW })
      : t('words.total', 'Number of events in the range: {{events}}.', { events, ...RAW });
  }
  const counted = by
    ? t('words.time-by', 'Number of events over time, for each {{by}}: {{events}}.', { by, events, ...RAW })
    : t('words.time', 'Number of events over time: {{events}}.', { events, ...RAW });
  const zone = timezone && valueName(timezone);
  return zone
    ? `${counted} ${t('words.timezone', 'Hours and days are those of the time zone {{zone}}.', { zone, ...RAW })}`
    : counted;
}

function eventWords({ format, limit = DEFAULTS.limit, order }: AuditQuery, events: string): string {
  const named = { limit: valueName(String(limit)), events, ...RAW };
  if (format === 'table') {
    return order === 'oldest'
      ? t('words.table-oldest', 'A table of the oldest {{limit}}: {{events}}.', named)
      : t('words.table', 'A table of the newest {{limit}}: {{events}}.', named);
  }
  return order === 'oldest'
    ? t('words.logs-oldest', 'Log lines of the oldest {{limit}}: {{events}}.', named)
    : t('words.logs', 'Log lines of the newest {{limit}}: {{events}}.', named);
}
