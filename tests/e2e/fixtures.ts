import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as upstreamRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, test as base } from '@grafana/plugin-e2e';
import type { APIRequestContext, Locator, Page } from '@playwright/test';

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

/** An HTTP relay between the plugin and the sandbox. Stopped, it refuses connections as a stopped API does. */
export class Relay {
  /** Calls that are answered with 503 instead. */
  fails: (path: string) => boolean = () => false;

  private server?: Server;
  private port = 0;

  constructor(private readonly target: string) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer((call, answer) => {
      const path = call.url ?? '/';
      if (this.fails(path)) {
        answer.writeHead(503).end();
        return;
      }
      const { method, headers } = call;
      const relayed = upstreamRequest(new URL(path, this.target), { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      relayed.on('error', () => answer.destroy());
      call.pipe(relayed);
    });
    await new Promise<void>((listening) => server.listen(this.port, '127.0.0.1', listening));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    }
  }
}

interface Stored {
  uid: string;
  name: string;
  type: string;
}

interface Fixtures {
  /** Where the provisioned data source asks. */
  sandbox: Sandbox;
  /** Stores a dashboard for the time of the test; returns its uid. */
  dashboard: (model: object) => Promise<string>;
  /** Stores a data source for the time of the test. */
  dataSource: (model: object) => Promise<Stored>;
  /** A relay to the sandbox, and an Audit Trail data source that asks through it; nothing is cached for it yet. */
  relayed: { relay: Relay; audit: Stored };
}

const ADMIN = {
  user: process.env.GRAFANA_ADMIN_USER ?? 'admin',
  password: process.env.GRAFANA_ADMIN_PASSWORD ?? 'admin',
};

/** A browser without a log-in: the anonymous viewer of provisioning/grafana.sh. */
export const ANONYMOUS = { cookies: [], origins: [] };

async function settings(request: APIRequestContext): Promise<Sandbox> {
  const response = await request.get(`/api/datasources/uid/${AUDIT.uid}`);
  expect(response.ok(), 'the data sources of provisioning/ exist').toBe(true);
  return (await response.json()).jsonData;
}

export const test = base.extend<Fixtures>({
  // Grafana replaces a session's token every `token_rotation_interval_minutes` (10) and refuses the old one a minute later.
  // A browser renews its own; a log-in stored once for the whole run goes stale in a file. Each test logs in for itself.
  storageState: async ({ playwright, baseURL }, use) => {
    const context = await playwright.request.newContext({ baseURL });
    const response = await context.post('/login', { data: ADMIN });
    expect(response.ok(), `logging in as ${ADMIN.user}`).toBe(true);
    const state = await context.storageState();
    await context.dispose();
    await use(state);
  },
  // A test's own requests renew no token, and a test may last longer than one: these carry the password.
  request: async ({ playwright, baseURL }, use) => {
    const httpCredentials = { username: ADMIN.user, password: ADMIN.password, send: 'always' as const };
    const context = await playwright.request.newContext({ baseURL, httpCredentials });
    await use(context);
    await context.dispose();
  },
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
  dataSource: async ({ request }, use) => {
    const stored: string[] = [];
    await use(async (model) => {
      const name = `End-to-end ${Date.now()}`;
      const response = await request.post('/api/datasources', { data: { name, access: 'proxy', ...model } });
      const { datasource, message } = await response.json();
      expect(response.ok(), message).toBe(true);
      stored.push(datasource.uid);
      return datasource;
    });
    for (const uid of stored) {
      await request.delete(`/api/datasources/uid/${uid}`);
    }
  },
  relayed: async ({ sandbox, dataSource }, use) => {
    const relay = new Relay(sandbox.apiUrl);
    await relay.start();
    const jsonData = { organizationId: sandbox.organizationId, apiUrl: relay.url };
    const audit = await dataSource({ type: PLUGIN, jsonData, secureJsonData: { secretKey: KEY } });
    await use({ relay, audit });
    await relay.stop();
  },
});

/** A rule that matches events of the simulated incident. */
export const OWN_RULE = [
  'title: New API key',
  'id: 0b6c5d0e-7a44-4d57-9d6e-6c1f6a3f8f01',
  'logsource: { product: scaleway, service: audit_trail }',
  'detection:',
  '  selection:',
  '    method_name: CreateAPIKey',
  '  condition: selection',
  'level: high',
].join('\n');

interface Explored {
  theme?: string;
  range?: { from: string; to: string };
}

/** Opens queries in Explore, each in a pane of its own. */
export async function explore(page: Page, queries: object[], options: Explored = {}) {
  const { theme = 'dark', range = { from: 'now-6h', to: 'now' } } = options;
  const panes = queries.map((query, i) => [
    `pane${i}`,
    { datasource: AUDIT.uid, queries: [{ refId: 'A', datasource: AUDIT, version: 1, ...query }], range },
  ]);
  const text = encodeURIComponent(JSON.stringify(Object.fromEntries(panes)));
  await page.goto(`/explore?schemaVersion=1&orgId=1&theme=${theme}&panes=${text}`);
}

/** When the simulated incident happened, with some time around it. */
export async function incidentRange(request: APIRequestContext): Promise<{ from: string; to: string }> {
  const scope = { sourceIps: ['192.0.2.66'] };
  const query = { refId: 'A', datasource: AUDIT, version: 1, queryType: 'events', format: 'table', scope };
  const data = { queries: [query], from: 'now-7d', to: 'now' };
  const answer = await (await request.post('/api/ds/query', { data })).json();
  const times: number[] = answer.results.A.frames[0].data.values[0];
  const around = 20 * 60_000;
  return { from: String(Math.min(...times) - around), to: String(Math.max(...times) + around) };
}

/** A dashboard's panel, by its id in the dashboard's model. */
export const panel = (page: Page, id: number) => page.locator(`[data-viz-panel-key="panel-${id}"]`);

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

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { y: number; w: number; h: number };
  targets?: Array<{ datasource?: { uid?: string } }>;
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
}

const DASHBOARDS = join(__dirname, '../../frontend/src/dashboards');

const dashboardOf = (file: string): Dashboard => JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8'));

/** The bundled dashboards, which provisioning/ loads. */
export const dashboards = readdirSync(DASHBOARDS).map(dashboardOf);

export const [access, activity, incident] = ['access.json', 'activity.json', 'incident.json'].map(dashboardOf);

/** The panels of a bundled dashboard that ask the trail. */
export const asking = ({ panels }: Dashboard) =>
  panels.filter(({ targets }) => targets?.some(({ datasource }) => datasource?.uid === '${audit}'));

/** A window that shows all panels of a dashboard: Grafana asks nothing for those out of view. */
export async function showAll(page: Page, { panels }: Dashboard) {
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  await page.setViewportSize({ width: 1500, height: 400 + rows * 38 });
}

/** The markers of annotations, in a page or in one panel. */
export const markers = (within: Page | Locator) => within.getByTestId('data-testid annotation-marker');

/** The text of the tooltip of each marker. */
export async function tooltips(page: Page, within: Page | Locator = page): Promise<string[]> {
  await expect(markers(within).first()).toBeVisible();
  const texts: string[] = [];
  for (const marker of await markers(within).all()) {
    await marker.hover({ force: true });
    const tooltip = page.locator('#grafana-portal-container');
    await expect(tooltip).toContainText(/\S/);
    texts.push(await tooltip.innerText());
    await page.mouse.move(0, 0);
  }
  return texts;
}
