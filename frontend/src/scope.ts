import { columnName } from './columns';
import { t } from './translation';

/** One text, or a list of them. */
type Texts = string | string[];

/** A list of a scope. */
interface List {
  /** The column that the list is about. */
  column: string;
  /** Its name in the editors. */
  label: () => string;
}

/** The lists of a scope, in the order in which a sentence names them. */
const LISTS = {
  kinds: { column: 'kind', label: () => t('scope.kinds', 'Kind of event') },
  products: { column: 'product', label: () => t('scope.products', 'Products') },
  services: { column: 'service', label: () => t('scope.services', 'Services') },
  methods: { column: 'method', label: () => t('scope.methods', 'Methods') },
  resourceTypes: { column: 'resource_type', label: () => t('scope.resource-types', 'Resource type') },
  resourceIds: { column: 'resource_id', label: () => t('scope.resources', 'Resource') },
  resourceNames: { column: 'resource_name', label: () => t('scope.resource-names', 'Resource name') },
  principals: { column: 'principal', label: () => t('scope.principals', 'Who') },
  sourceIps: { column: 'source_ip', label: () => t('scope.source-ips', 'Source address') },
  status: { column: 'status_class', label: () => t('scope.status', 'Result') },
  severities: { column: 'severity', label: () => t('scope.severities', 'Severity') },
  riskClasses: { column: 'risk_class', label: () => t('scope.risk-classes', 'Risk class') },
  novelties: { column: 'novelty', label: () => t('scope.novelties', 'Novelty') },
  regions: { column: 'region', label: () => t('scope.regions', 'Regions') },
  projects: { column: 'project', label: () => t('scope.projects', 'Projects') },
} satisfies Record<string, List>;

/** The lists of a scope of whose values an event may have none, in the order in which a sentence names them. */
const EXCLUSIONS = {
  notSourceIps: { column: 'source_ip', label: () => t('scope.not-source-ips', 'Not from address') },
} satisfies Record<string, List>;

/** The texts of a scope: one of `text`, and none of `notText`, is contained in some field of the event. */
const TEXTS = {
  text: { label: () => t('scope.text', 'Contains') },
  notText: { label: () => t('scope.not-text', 'Does not contain') },
};

const FIELDS = { ...LISTS, ...EXCLUSIONS, ...TEXTS };

export type ScopeList = keyof typeof LISTS;
type ExcludedList = keyof typeof EXCLUSIONS;
/** A list of a scope of either kind. */
export type AnyList = ScopeList | ExcludedList;
type ScopeTexts = keyof typeof TEXTS;
export type ScopeField = AnyList | ScopeTexts;

/** The events of a query: each non-empty list must have a value that matches, but for exclusions. A value may be a variable. */
export type Scope = { [name in AnyList]?: string[] } & { [name in ScopeTexts]?: Texts };

export const SCOPE_LISTS = Object.keys(LISTS) as ScopeList[];
export const EXCLUDED_LISTS = Object.keys(EXCLUSIONS) as ExcludedList[];

/** The column that a list is about. */
export function listColumn(list: AnyList): string {
  return { ...LISTS, ...EXCLUSIONS }[list].column;
}

/** The name of a list's column, for people. */
export function listName(list: AnyList): string {
  return columnName(listColumn(list));
}

export function isScopeField(name: string): name is ScopeField {
  return Object.hasOwn(FIELDS, name);
}

export function isScopeTexts(field: ScopeField): field is ScopeTexts {
  return field in TEXTS;
}

/** The name of a scope's field in the editors. */
export function scopeLabel(field: ScopeField): string {
  return FIELDS[field].label();
}

/** A scope with one list changed; an empty list is left out, so that stored queries stay short. */
export function withList(scope: Scope | undefined, name: AnyList, values: string[]): Scope {
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
