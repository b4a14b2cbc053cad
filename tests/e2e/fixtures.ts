import { expect, test as base } from '@grafana/plugin-e2e';
import type { APIRequestContext } from '@playwright/test';

export { expect };

export const PLUGIN = 'scaleway-audittrail-datasource';

/** The data sources of provisioning/. */
export const AUDIT = { name: 'Scaleway Audit Trail', type: PLUGIN, uid: 'scaleway-audit-trail' };
export const METRICS = { name: 'Cockpit metrics', type: 'prometheus', uid: 'cockpit-metrics' };

/** The sandbox's keys, and one that it does not know. */
export const KEY = '5a11d000-0000-4000-8000-00000000f011';
export const KEY_WITHOUT_AUDIT_TRAIL = '5a11d000-0000-4000-8000-0000000a0d17';
export const UNKNOWN_KEY = '00000000-0000-4000-8000-00000000dead';

interface Sandbox {
  apiUrl: string;
  organizationId: string;
}

interface Fixtures {
  /** Where the provisioned data source asks. */
  sandbox: Sandbox;
  /** Stores a dashboard for the time of the test, and tells its uid. */
  dashboard: (model: object) => Promise<string>;
}

async function settings(request: APIRequestContext): Promise<Sandbox> {
  const response = await request.get(`/api/datasources/uid/${AUDIT.uid}`);
  expect(response.ok(), 'the data sources of provisioning/ are there').toBe(true);
  return (await response.json()).jsonData;
}

export const test = base.extend<Fixtures>({
  sandbox: async ({ request }, use) => use(await settings(request)),
  dashboard: async ({ request }, use) => {
    const stored: string[] = [];
    await use(async (model) => {
      const title = `End-to-end ${Date.now()}`;
      const dashboard = { title, schemaVersion: 39, time: { from: 'now-6h', to: 'now' }, ...model };
      const response = await request.post('/api/dashboards/db', { data: { dashboard } });
      const answer = await response.json();
      expect(response.ok(), JSON.stringify(answer)).toBe(true);
      stored.push(answer.uid);
      return answer.uid;
    });
    for (const uid of stored) {
      await request.delete(`/api/dashboards/uid/${uid}`);
    }
  },
});

/** A graph of the server that the simulated incident is about. */
export const CPU = {
  id: 1,
  type: 'timeseries',
  title: 'CPU of web-3',
  gridPos: { x: 0, y: 0, w: 24, h: 16 },
  datasource: METRICS,
  targets: [
    {
      refId: 'A',
      datasource: METRICS,
      expr: 'rate(instance_server_cpu_seconds_total{resource_name="web-3"}[2m]) / instance_server_vcpu_count',
    },
  ],
};

/** An annotation of a dashboard. */
export function annotation(scope: object) {
  return {
    name: 'Who did what',
    datasource: AUDIT,
    enable: true,
    iconColor: 'purple',
    target: { refId: 'Anno', version: 1, queryType: 'annotations', scope },
  };
}
