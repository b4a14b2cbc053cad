import { type DataFrame, type DataSourceInstanceSettings, FieldType, type LogRowModel } from '@grafana/data';
import { setDataSourceSrv, setTemplateSrv, type DataSourceSrv } from '@grafana/runtime';

import { AuditDataSource } from '../datasource';
import type { DetectionRule } from '../rules';
import type { Settings } from '../settings';
import { fakeTemplates, type FakeVariables } from './templates';

/** Detection rules: one that ships with the plugin, and two of the organization's own. */
export const RULES: DetectionRule[] = [
  {
    id: 'd0000000-0000-4000-8000-000000000001',
    title: 'Audit trail export deleted',
    level: 'high',
    tags: ['attack.t1562.008', 'attack.defense-evasion'],
    description: 'Deletes an export of the trail,\nwhich hides what follows.',
    kind: 'event',
    source: 'shipped',
  },
  {
    id: 'd0000000-0000-4000-8000-000000000002',
    title: 'Many denied calls',
    level: 'medium',
    tags: ['attack.t1526'],
    description: 'More than 20 denied calls in five minutes.',
    kind: 'event_count',
    source: 'team/denied.yml',
  },
  {
    id: 'd0000000-0000-4000-8000-000000000003',
    title: 'Undescribed',
    level: 'low',
    tags: [],
    description: null,
    kind: 'event',
    source: 'team/denied.yml',
  },
];

/** A data source whose pickers have something to offer and whose answers are empty. */
export function fakeDataSource(variables: FakeVariables = {}): AuditDataSource {
  const templates = fakeTemplates(variables);
  setTemplateSrv(templates);
  const settings = {
    id: 1,
    uid: 'audit',
    type: 'scaleway-audittrail-datasource',
    name: 'Audit',
    jsonData: {},
    meta: { info: {} },
  } as unknown as DataSourceInstanceSettings<Settings>;
  // The default data source, where a reference names none.
  setDataSourceSrv({ getInstanceSettings: () => settings, getList: () => [] } as unknown as DataSourceSrv);
  const datasource = new AuditDataSource(settings, templates);
  datasource.getResource = jest.fn(async (path: string, params?: { query?: string }) => {
    const wanted = (params?.query ?? '').toLowerCase();
    const picks = ({ id, name }: { id: string; name: string }) =>
      id.includes(wanted) || name.toLowerCase().includes(wanted);
    switch (path) {
      case 'products':
        return {
          products: [{ name: 'iam', title: 'IAM', services: [{ name: 'iam.Api', methods: ['CreateAPIKey'] }] }],
        };
      case 'principals':
        return {
          principals: [
            { id: 'a0000000-0000-4000-8000-000000000001', name: 'terraform', kind: 'application' },
            { id: 'a0000000-0000-4000-8000-000000000002', name: 'twin@example.com', kind: 'user' },
            { id: 'a0000000-0000-4000-8000-000000000003', name: 'twin@example.com', kind: 'user' },
          ].filter(picks),
        };
      case 'resources':
        return {
          resources: [
            { id: 'b0000000-0000-4000-8000-000000000001', name: 'web-1', type: 'instance_server', region: 'fr-par' },
          ].filter(picks),
        };
      case 'check':
        return { error: null, warnings: [] };
      case 'detections':
        return { rules: RULES, problems: [] };
      case 'detection-fields':
        return {
          fields: [
            { name: 'method_name', description: 'The method that was called' },
            { name: 'audittrail.severity', description: 'The severity of the event', values: ['critical', 'high'] },
          ],
        };
      default:
        throw new Error(path);
    }
  }) as AuditDataSource['getResource'];
  datasource.postResource = jest.fn(async () => ({ problems: [] })) as AuditDataSource['postResource'];
  datasource.ask = jest.fn(async () => []);
  return datasource;
}

/** A log line. */
export function fakeRow(labels: Record<string, string>, timeEpochMs = 1_700_000_000_123): LogRowModel {
  return {
    uid: 'A_1',
    rowIndex: 0,
    labels,
    timeEpochMs,
    dataFrame: { refId: 'A', fields: [], length: 1 },
  } as unknown as LogRowModel;
}

/** A frame from its columns; what begins with "time" is a time. */
export function fakeFrame(name: string, columns: Record<string, unknown[]>): DataFrame {
  const fields = Object.entries(columns).map(([name, values]) => ({
    name,
    type: name.startsWith('time') ? FieldType.time : FieldType.string,
    config: {},
    values,
  }));
  return { name, refId: 'A', fields, length: fields[0].values.length };
}
