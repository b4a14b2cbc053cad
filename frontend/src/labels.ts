import { t } from '@grafana/i18n';

import { SCOPE_LISTS, type ScopeList } from './query';

/** The name of a setting in its form. */
export function settingLabel(setting: string): string | undefined {
  switch (setting) {
    case 'organizationId':
      return t('config.organization-id', 'Organization ID');
    case 'secretKey':
      return t('config.secret-key', 'Secret key');
    case 'regions':
      return t('config.regions', 'Regions');
    case 'projectId':
      return t('config.project-id', 'Project ID');
    case 'settlingSeconds':
      return t('config.settling', 'Seconds until settled');
    case 'maxMemoryMiB':
      return t('config.max-memory', 'Memory (MiB)');
    case 'cacheDirectory':
      return t('config.cache-directory', 'Directory');
    case 'maxEvents':
      return t('config.max-events', 'Most events');
    case 'concurrentCalls':
      return t('config.concurrent-calls', 'Calls at the same time');
    case 'callTimeoutSeconds':
      return t('config.call-timeout', 'Seconds for a call');
    case 'queryTimeoutSeconds':
      return t('config.query-timeout', 'Seconds for a query');
    case 'apiUrl':
      return t('config.api-url', 'API URL');
    case 'caCertificate':
      return t('config.ca', 'CA certificate');
    default:
      return undefined;
  }
}

/** The name of a scope's field in the editors. */
export function scopeLabel(field: ScopeList | 'text' | 'notText'): string {
  switch (field) {
    case 'kinds':
      return t('scope.kinds', 'Kind of event');
    case 'products':
      return t('scope.products', 'Products');
    case 'services':
      return t('scope.services', 'Services');
    case 'methods':
      return t('scope.methods', 'Methods');
    case 'principals':
      return t('scope.principals', 'Who');
    case 'sourceIps':
      return t('scope.source-ips', 'Source address');
    case 'resourceIds':
      return t('scope.resources', 'Resource');
    case 'resourceNames':
      return t('scope.resource-names', 'Resource name');
    case 'resourceTypes':
      return t('scope.resource-types', 'Resource type');
    case 'regions':
      return t('scope.regions', 'Regions');
    case 'projects':
      return t('scope.projects', 'Projects');
    case 'status':
      return t('scope.status', 'Result');
    case 'severities':
      return t('scope.severities', 'Severity');
    case 'riskClasses':
      return t('scope.risk-classes', 'Risk class');
    case 'text':
      return t('scope.text', 'Contains');
    case 'notText':
      return t('scope.not-text', 'Does not contain');
  }
}

/** The name of a query's field in the editors. */
function fieldLabel(path: string): string | undefined {
  const [parent, name] = path.split('.');
  if (parent === 'scope') {
    const known = [...SCOPE_LISTS, 'text', 'notText'] as const;
    const field = known.find((field) => field === name);
    return field && scopeLabel(field);
  }
  switch (path) {
    case 'filters.key':
      return t('condition.column', 'Column');
    case 'filters.operator':
      return t('condition.operator', 'Operator');
    case 'filters.value':
    case 'filters.values':
      return t('condition.value', 'Value');
    case 'groupBy':
      return t('group-by.label', 'For each');
    case 'groupLimit':
      return t('group-limit.label', 'Groups');
    case 'limit':
      return t('limit.label', 'Limit');
    case 'timezone':
      return t('timezone.label', 'Time zone');
    case 'cap':
      return t('cap.label', 'At most');
    case 'cluster':
      return t('cluster.label', 'Clusters');
    case 'column':
      return t('variable.column', 'Values of');
    case 'severityColors':
      return t('colors.label', 'Severity colors');
    default:
      return undefined;
  }
}

const quoted = (label: string) =>
  t('words.quoted', '“{{text}}”', { text: label, interpolation: { escapeValue: false } });

/** A message of the backend about settings, with their names in the form in place of those in the JSON. */
export function withSettingLabels(message: string): string {
  return message
    .replace(/\b(setting )(\w+)/g, (found, word, name) => {
      const label = settingLabel(name);
      return label ? `${word}${quoted(label)}` : found;
    })
    .replace(/\b[a-z]+[A-Z]\w*/g, (name) => {
      const label = settingLabel(name);
      return label ? quoted(label) : name;
    });
}

/** A message of the backend about a query, with the editor's name of the field beside that in the JSON. */
export function withFieldLabels(message: string): string {
  return message
    .replace(/\b(?:scope|filters)\.\w+/g, (path) => {
      const label = fieldLabel(path);
      return label ? `${quoted(label)} (${path})` : path;
    })
    .replace(/^\w+(?= (?:is|has|holds|contains) )/, (path) => {
      const label = fieldLabel(path);
      return label ? `${quoted(label)} (${path})` : path;
    });
}
