import { quoted } from './phrases';
import { FIELDS } from './questions';
import { isScopeField, scopeLabel } from './scope';
import { t } from './translation';

/** The names of the settings in their form. */
const SETTINGS: Record<string, () => string> = {
  organizationId: () => t('config.organization-id', 'Organization ID'),
  secretKey: () => t('config.secret-key', 'Secret key'),
  regions: () => t('config.regions', 'Regions'),
  projectId: () => t('config.project-id', 'Project ID'),
  cockpitUrls: () => t('config.cockpit-urls', 'Metrics URLs'),
  cockpitToken: () => t('config.cockpit-token', 'Cockpit token'),
  metricsDataSource: () => t('config.metrics-data-source', 'Metrics data source'),
  settlingSeconds: () => t('config.settling', 'Seconds until settled'),
  lagSeconds: () => t('config.lag', 'Seconds of lag'),
  maxMemoryMiB: () => t('config.max-memory', 'Memory (MiB)'),
  cacheDirectory: () => t('config.cache-directory', 'Directory'),
  maxEvents: () => t('config.max-events', 'Most events'),
  concurrentCalls: () => t('config.concurrent-calls', 'Calls at the same time'),
  callTimeoutSeconds: () => t('config.call-timeout', 'Seconds for a call'),
  queryTimeoutSeconds: () => t('config.query-timeout', 'Seconds for a query'),
  ruleTimeoutSeconds: () => t('config.rule-timeout', 'Seconds for an alert rule'),
  apiUrl: () => t('config.api-url', 'API URL'),
  hideFromViewers: () => t('config.hide-from-viewers', 'Hide details from viewers'),
  detectionRules: () => t('config.detection-rules', 'Own rules'),
  detectionFolder: () => t('config.detection-folder', 'Folder of rules'),
  caCertificate: () => t('config.ca', 'CA certificate'),
};

/** The name of a setting in its form; none of a name that is no setting. */
export function settingLabel(setting: string): string | undefined {
  const [name, host] = setting.split('@');
  if (host && name === 'cockpitToken') {
    return t('config.cockpit-own-token', 'Token of {{host}}', { host });
  }
  return Object.hasOwn(SETTINGS, setting) ? SETTINGS[setting]() : undefined;
}

/** The fields of a condition. */
const CONDITION: Record<string, () => string> = {
  'filters.key': () => t('condition.column', 'Column'),
  'filters.operator': () => t('condition.operator', 'Operator'),
  'filters.value': () => t('condition.value', 'Value'),
  'filters.values': () => t('condition.value', 'Value'),
};

/** The name of a query's field in the editors. */
function fieldLabel(path: string): string | undefined {
  const [parent, name] = path.split('.');
  if (parent === 'scope' && name) {
    return isScopeField(name) ? scopeLabel(name) : undefined;
  }
  return (CONDITION[path] ?? FIELDS[path]?.label)?.();
}

/** A message of the backend about settings, with their names in the form in place of those in the JSON. */
export function withSettingLabels(message: string): string {
  return message.replace(
    /\b(setting )(\w+)|\b[a-z]+[A-Z]\w*(?:@[\w.:[\]-]*[\w\]])?/g,
    (found, word = '', name = found) => {
      const label = settingLabel(name);
      return label ? word + quoted(label) : found;
    }
  );
}

/** A message of the backend about a query, with the editor's name of the field beside that in the JSON. */
export function withFieldLabels(message: string): string {
  return message.replace(/\b(?:scope|filters)\.\w+|^\w+(?= (?:is|has|holds|contains) )/g, (path) => {
    const label = fieldLabel(path);
    return label ? `${quoted(label)} (${path})` : path;
  });
}
