import { type DataFrame, FieldType, type RawTimeRange } from '@grafana/data';

import { exploreAddress, withRowLink } from './explore';
import { canExplore } from './grafana';
import { VERSION } from './query';
import { comparedScalar } from './sigma';
import { t } from './translation';
import { quotedScalar } from './yaml';

/** A text of more characters may be shortened, and would match no event. */
const LONGEST = 200;

/** The fields of a rule, each with the label of a log line that has its value. */
const OF_CALLS: Array<[field: string, label: string]> = [
  ['product_name', 'product'],
  ['method_name', 'method'],
  ['principal.id', 'principal_id'],
  ['status_code', 'status'],
];

/** Log-ins and system events have no product. */
const OF_OTHERS: Array<[field: string, label: string]> = [
  ['audittrail.kind', 'kind'],
  ['principal.id', 'principal_id'],
  ['audittrail.status_class', 'status_class'],
];

type Labels = Record<string, unknown>;

/** The value of a label; undefined where a rule cannot compare it. */
function valueOf(labels: Labels, label: string): string | undefined {
  const value = labels[label];
  return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : undefined;
}

/** The conditions that select events such as one with these labels. */
function conditions(labels: Labels): Array<[field: string, value: string]> {
  const fields = labels.kind === undefined || labels.kind === 'api' ? OF_CALLS : OF_OTHERS;
  return fields.flatMap(([field, label]) => {
    const value = valueOf(labels, label);
    return value === undefined ? [] : [[field, value] as [string, string]];
  });
}

/** A Sigma rule that selects events such as one with these labels; undefined where nothing is known about the event. */
export function draftRule(labels: Labels): string | undefined {
  const all = conditions(labels);
  if (all.length < 2) {
    return undefined;
  }
  const name = [valueOf(labels, 'product') ?? valueOf(labels, 'kind'), valueOf(labels, 'method')].filter(Boolean);
  return `title: ${quotedScalar(`Draft: ${name.join(' ')}`)}
status: experimental
logsource:
  product: scaleway
  service: audit_trail
detection:
  selection:
${all.map(([field, value]) => `    ${field}: ${comparedScalar(value)}`).join('\n')}
  condition: selection
level: medium
`;
}

/** The address of Explore with the draft of a rule. */
function address(sigma: string, uid: string, range: RawTimeRange): string {
  const datasource = { type: 'scaleway-audittrail-datasource', uid };
  const query = { refId: 'A', datasource, version: VERSION, queryType: 'detections', show: 'matches', sigma };
  return exploreAddress('audit', { datasource: uid, queries: [query], range });
}

/** Log lines with a link from each to the draft of a rule that matches it, for users who may open Explore. */
export function withDrafts(frame: DataFrame, uid: string, range: RawTimeRange): DataFrame {
  const labels = frame.fields.find(({ name }) => name === 'labels')?.values;
  if (!labels || frame.meta?.type !== 'log-lines' || !canExplore()) {
    return frame;
  }
  const rules = labels.map((one: unknown) => (typeof one === 'object' && one ? draftRule(one as Labels) : undefined));
  const values = labels.map((one: Labels, row: number) =>
    rules[row] === undefined
      ? null
      : conditions(one)
          .map(([, value]) => value)
          .join(' · ')
  );
  const addresses = rules.map((rule: string | undefined) => rule && address(rule, uid, range));
  const field = { name: 'draft', type: FieldType.string, config: {}, values };
  return {
    ...frame,
    fields: [...frame.fields, withRowLink(field, t('draft.link', 'Draft a rule from this event'), addresses)],
  };
}
