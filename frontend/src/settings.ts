import type { DataSourceJsonData } from '@grafana/data';

import { t } from './translation';

/** The regions that Audit Trail may answer in. */
export const REGIONS = [
  { value: 'fr-par', label: 'Paris' },
  { value: 'nl-ams', label: 'Amsterdam' },
  { value: 'pl-waw', label: 'Warsaw' },
  { value: 'it-mil', label: 'Milan' },
];

/** The regions of settings without regions, as in data sources that are older than the other regions. */
export const DEFAULT_REGIONS = ['fr-par', 'nl-ams'];

/** The regions that the editor fills in if the settings have none. */
export const ALL_REGIONS = REGIONS.map(({ value }) => value);

export const API_URL = 'https://api.scaleway.com';

/** Whole-number settings with their default and their largest value. */
export const NUMBERS = {
  callTimeoutSeconds: { initial: 15, most: 300 },
  queryTimeoutSeconds: { initial: 60, most: 600 },
  ruleTimeoutSeconds: { initial: 25, most: 600 },
  maxEvents: { initial: 50_000, most: 1_000_000 },
  concurrentCalls: { initial: 8, most: 64 },
  settlingSeconds: { initial: 300, most: 86_400 },
  maxMemoryMiB: { initial: 256, most: 65_536 },
} as const;

/** The settings that are whole numbers. */
export type NumberName = keyof typeof NUMBERS | 'lagSeconds';

/** The default and the largest value of a number. The lag is at most the time after which events are settled. */
export function limitsOf(name: NumberName, { settlingSeconds }: Settings): { initial: number; most: number } {
  if (name !== 'lagSeconds') {
    return NUMBERS[name];
  }
  const { initial, most: longest } = NUMBERS.settlingSeconds;
  const most = Math.min(Number(settlingSeconds) || initial, longest);
  return { initial: Math.min(120, most), most };
}

/** The settings of an administrator. Provisioning may write numbers and lists as text. */
export interface Settings extends DataSourceJsonData {
  organizationId?: string;
  regions?: string[] | string;
  projectId?: string;
  apiUrl?: string;
  callTimeoutSeconds?: number | string;
  queryTimeoutSeconds?: number | string;
  ruleTimeoutSeconds?: number | string;
  maxEvents?: number | string;
  concurrentCalls?: number | string;
  settlingSeconds?: number | string;
  lagSeconds?: number | string;
  maxMemoryMiB?: number | string;
  cacheDirectory?: string;
  caCertificate?: string;
  hideFromViewers?: boolean | string;
  detectionRules?: string;
  detectionFolder?: string;
  cockpitUrls?: string[] | string;
  /** The uid of a data source of metrics, which only links lead to. */
  metricsDataSource?: string;
}

/** The name of a token that goes to the URL of one host only. */
export type OwnToken = `cockpitToken@${string}`;

export interface Secrets {
  secretKey?: string;
  cockpitToken?: string;
  [own: OwnToken]: string | undefined;
}

/** The name of the token of a URL's own; none of a text that is no URL. */
export function ownToken(url: string): OwnToken | undefined {
  return isMetricsUrl(url) ? `cockpitToken@${new URL(url).host}` : undefined;
}

/** Whether a secret is the token of a URL's own. */
export function isOwnToken(secret: string): secret is OwnToken {
  return secret.startsWith('cockpitToken@');
}

/** Settings as they are named now: an earlier version called the cache directory `heldFolder`. */
export function migratedSettings({ heldFolder, ...settings }: Settings & { heldFolder?: string }): Settings {
  return heldFolder && !settings.cacheDirectory ? { ...settings, cacheDirectory: heldFolder } : settings;
}

/** The texts of a setting, however they were written: as a list, as a text with commas or spaces, or as JSON. */
export function listOf(setting: string[] | string | undefined): string[] {
  const list = Array.isArray(setting) ? setting : listed(setting ?? '');
  return [...new Set(list.map((text) => String(text).trim()).filter(Boolean))];
}

function listed(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [String(list)];
  } catch {
    return text.split(/[,\s]+/);
  }
}

/** A setting that is on or off; provisioning may write it as text. */
export function isOn(setting: boolean | string | undefined): boolean {
  return String(setting).trim().toLowerCase() === 'true';
}

/** Whether a text can be a region's name, of a region that is newer than this version too. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2}-[a-z0-9]{3,5}$/.test(text);
}

/** The error of a region's name, if it has one. */
export function regionError(region: string): string | undefined {
  return isRegion(region)
    ? undefined
    : t('scope.regions-wrong', '“{{region}}” is not the name of a region, such as fr-par', { region });
}

/** Whether a text is the URL of a data source of metrics, by the backend's rules: the token goes to no other. */
export function isMetricsUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password || url.search || url.hash) {
    return false;
  }
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
  return isSafe && ['/', '/prometheus', '/prometheus/'].includes(url.pathname);
}

/** Whether a text is a UUID, as all ids of Scaleway are. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.trim());
}

/** Whether a text is a path below some folder, by the backend's rules. */
export function isBelow(path: string): boolean {
  return !isAbsolutePath(path) && !path.trim().split(/[/\\]/).includes('..');
}

/** Whether a text is an absolute path on a Grafana server, which may run on Windows. */
export function isAbsolutePath(text: string): boolean {
  return /^(\/|\\\\|[a-z]:[\\/])/i.test(text.trim());
}
