import { columnOf } from './columns';
import { t } from './translation';

/** The lists of a query that select detection rules. */
export type RuleList = 'ruleIds' | 'levels' | 'tags';

/** A detection rule, as the backend describes it. */
export interface DetectionRule {
  id: string;
  title: string;
  level: string;
  tags: string[];
  description?: string | null;
  /** Whether it judges events one by one, or several together. */
  kind: string;
  /** The file or setting that has it; of a rule that ships with the plugin, `shipped`. */
  source: string;
}

/** An error in the text of a rule. */
export interface RuleProblem {
  /** The file or setting of the text, or the rule's title or id in it, where they are known. */
  source?: string;
  rule?: string | null;
  /** From 1. */
  line?: number | null;
  message: string;
}

/** The detection rules of a data source, and the errors in the texts of others. */
export interface Detections {
  rules: DetectionRule[];
  problems: RuleProblem[];
}

/** A field that conditions of rules can have. */
export interface RuleField {
  name: string;
  description: string;
  values?: string[] | null;
}

/** The levels of Sigma, the most urgent first. */
export const LEVELS = ['critical', 'high', 'medium', 'low', 'informational'];

/** Our columns with the values of fields that are named as in Scaleway's API. */
const COLUMN_OF: Record<string, string> = {
  product_name: 'product',
  service_name: 'service',
  method_name: 'method',
  status_code: 'status',
  organization_id: 'organization',
  project_id: 'project',
  'principal.id': 'principal_id',
  'resources[any].id': 'resource_id',
  'resources[any].type': 'resource_type',
  'resources[any].name': 'resource_name',
  country_code: 'country',
  mfa_type: 'mfa',
  system_name: 'method',
  source: 'service',
  'audittrail.principal_name': 'principal',
};

/** The column with the values of a rule's field; undefined where each event has its own, or no column has them. */
export function fieldColumn(field: string): string | undefined {
  const name = COLUMN_OF[field] ?? field.replace(/^audittrail\./, '');
  const column = columnOf(name);
  return column && !column.unique ? name : undefined;
}

/** Where an error is, and what it is. */
export function problemText({ source, rule, line, message }: RuleProblem): string {
  const where = source || rule;
  if (line && where) {
    return t('problem.named-line', '{{where}}, line {{line}}: {{message}}', { where, line, message });
  }
  if (line) {
    return t('problem.line', 'Line {{line}}: {{message}}', { line, message });
  }
  return where ? t('problem.named', '{{where}}: {{message}}', { where, message }) : message;
}
