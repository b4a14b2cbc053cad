import { ALL_REGIONS } from './settings';
import { t } from './translation';

/** The groups of columns in the details of a log line. */
const GROUPS = {
  who: () => t('labels.who', 'Who'),
  what: () => t('labels.what', 'What'),
  which: () => t('labels.which', 'Which resource'),
  outcome: () => t('labels.outcome', 'Result'),
  risk: () => t('labels.risk', 'Risk'),
};

/** The fixed values that have names for people. */
const VALUES: Record<string, () => string> = {
  api: () => t('value.api', 'API call'),
  authentication: () => t('value.authentication', 'log-in'),
  system: () => t('value.system', 'system event'),
  succeeded: () => t('value.succeeded', 'succeeded'),
  denied: () => t('value.denied', 'denied'),
  failed: () => t('value.failed', 'failed'),
  critical: () => t('value.critical', 'critical'),
  high: () => t('value.high', 'high'),
  medium: () => t('value.medium', 'medium'),
  low: () => t('value.low', 'low'),
  informational: () => t('value.informational', 'informational'),
  first: () => t('value.first', 'first time'),
  rare: () => t('value.rare', 'rare'),
  occasional: () => t('value.occasional', 'occasional'),
  usual: () => t('value.usual', 'usual'),
  unknown: () => t('value.unknown', 'unknown'),
};

const STATUSES = ['succeeded', 'denied', 'failed'];

const NOVELTIES = ['first', 'rare', 'occasional', 'usual', 'unknown'];

const SEVERITIES = ['critical', 'high', 'medium', 'low'];

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

/** A column of an event. */
interface Column {
  label: () => string;
  group?: keyof typeof GROUPS;
  /** The values that can be chosen whether or not an event of the range has them. */
  values?: readonly string[];
  /** Whether the backend has a list of its values, and can warn of a misspelt one. */
  catalogued?: boolean;
  /** Whether each event has a value of its own: nothing to group by. */
  unique?: boolean;
  /** Whether its values are compared as numbers. */
  numeric?: boolean;
}

/** Every column by the backend's name for it, in the backend's order. */
const TABLE: Record<string, Column> = {
  principal: { label: () => t('column.principal', 'principal'), group: 'who', catalogued: true },
  kind: { label: () => t('column.kind', 'kind of event'), group: 'what', values: ['api', 'authentication', 'system'] },
  region: { label: () => t('column.region', 'region'), group: 'which', values: ALL_REGIONS },
  locality: { label: () => t('column.locality', 'locality'), group: 'which' },
  organization: { label: () => t('column.organization', 'organization'), group: 'which' },
  project: { label: () => t('column.project', 'project'), group: 'which' },
  principal_id: { label: () => t('column.principal_id', 'principal id'), group: 'who' },
  product: { label: () => t('column.product', 'product'), group: 'what', catalogued: true },
  service: { label: () => t('column.service', 'service'), group: 'what', catalogued: true },
  method: { label: () => t('column.method', 'method'), group: 'what', catalogued: true },
  resource_id: { label: () => t('column.resource_id', 'resource id'), group: 'which' },
  resource_type: { label: () => t('column.resource_type', 'resource type'), group: 'which', catalogued: true },
  resource_name: { label: () => t('column.resource_name', 'resource name'), group: 'which' },
  source_ip: { label: () => t('column.source_ip', 'source address'), group: 'who' },
  user_agent: { label: () => t('column.user_agent', 'user agent'), group: 'who' },
  status_class: { label: () => t('column.status_class', 'result'), group: 'outcome', values: STATUSES },
  result: { label: () => t('column.result', 'result of a log-in'), group: 'outcome' },
  failure_reason: { label: () => t('column.failure_reason', 'reason of a failed log-in'), group: 'outcome' },
  country: { label: () => t('column.country', 'country'), group: 'who' },
  origin: { label: () => t('column.origin', 'origin of a log-in'), group: 'who' },
  mfa: { label: () => t('column.mfa', 'second factor'), group: 'who' },
  action: { label: () => t('column.action', 'action of a server') },
  status: { label: () => t('column.status', 'status code'), group: 'outcome', numeric: true },
  risk_class: { label: () => t('column.risk_class', 'risk class'), group: 'risk', values: RISK_CLASSES },
  severity: { label: () => t('column.severity', 'severity'), group: 'risk', values: SEVERITIES },
  attack: { label: () => t('column.attack', 'ATT&CK techniques'), group: 'risk' },
  novelty: { label: () => t('column.novelty', 'novelty'), group: 'risk', values: NOVELTIES },
  id: { label: () => t('column.id', 'event id'), unique: true },
  request_id: { label: () => t('column.request_id', 'request id'), group: 'what', unique: true },
};

export const COLUMNS = Object.keys(TABLE);

/** A column by its name; a variable's name is none. */
export function columnOf(name: string): Column | undefined {
  return Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
}

/** The columns that a count can be grouped by. */
export const GROUPINGS = COLUMNS.filter((name) => !TABLE[name].unique);

/** The name of a column, for people. */
export function columnName(name: string): string {
  return columnOf(name)?.label() ?? name;
}

/** The name of a column's group, for people. */
export function groupName(name: string): string | undefined {
  const group = columnOf(name)?.group;
  return group && GROUPS[group]();
}

/** The name of a fixed value, for people; all else is a name already. */
export function valueName(value: string): string {
  return Object.hasOwn(VALUES, value) ? VALUES[value]() : value.replace(/^\$\{(\w+)\}$/, '$$$1');
}
