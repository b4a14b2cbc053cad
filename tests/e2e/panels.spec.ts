import type { Page, Request } from '@playwright/test';

import { annotation, AUDIT, CPU, expect, PLUGIN, test } from './fixtures';

const MIXED = { type: 'datasource', uid: '-- Mixed --' };
const COUNT = { refId: 'B', datasource: AUDIT, version: 1, queryType: 'counts', over: 'total' };

/** The queries of a request that the plugin is to answer. */
function queries(request: Request) {
  if (!request.url().includes('/ds/query')) {
    return [];
  }
  const asked: Array<{
    refId: string;
    queryType: string;
    timezone?: string;
    filters?: unknown;
    datasource: { type: string };
  }> = request.postDataJSON().queries;
  return asked.filter(({ datasource }) => datasource.type === PLUGIN);
}

/** The next request with a query that is about a filter's value. */
function asked(page: Page, refId: string, value: string): Promise<Request> {
  return page.waitForRequest((request) =>
    queries(request).some(
      (query) => query.refId === refId && JSON.stringify(query.filters ?? []).includes(`"${value}"`)
    )
  );
}

test('an annotation’s settings ask for its events once', async ({ annotationEditPage, page }) => {
  const requests: Request[] = [];
  page.on('request', (request) => {
    if (queries(request).some(({ queryType }) => queryType === 'annotations')) {
      requests.push(request);
    }
  });
  await annotationEditPage.datasource.set(AUDIT.name);
  await expect(page.getByTestId('audit-summary')).toContainText('Events in range');
  await expect(page.getByText(/\d+ events? \(from/i)).toBeVisible();
  expect(requests).toHaveLength(1);
});

test('expressions use filtered queries, hidden ones too', async ({ dashboard, gotoDashboardPage, page }) => {
  const twice = {
    refId: 'C',
    datasource: { type: '__expr__', uid: '__expr__' },
    type: 'math',
    expression: '$B * 0 + 42',
  };
  const targets = [{ ...COUNT, hide: true }, twice];
  const stat = { id: 1, type: 'stat', gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets };
  const uid = await dashboard({
    panels: [
      { ...stat, title: 'Of one', datasource: AUDIT },
      { ...stat, id: 2, title: 'Of several', datasource: MIXED, gridPos: { x: 12, y: 0, w: 12, h: 8 } },
    ],
    templating: {
      list: [
        {
          type: 'adhoc',
          name: 'filters',
          datasource: AUDIT,
          filters: [{ key: 'product', operator: '=', value: 'iam' }],
        },
      ],
    },
  });
  const requests = Promise.all([1, 2].map(() => asked(page, 'B', 'iam')));
  await gotoDashboardPage({ uid });
  await requests;
  await expect(page.getByText('42', { exact: true })).toHaveCount(2);
});

test('a panel with an expression counts on the clock of the dashboard', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const datasource = { type: '__expr__', uid: '__expr__' };
  const sum = { refId: 'C', datasource, type: 'reduce', reducer: 'sum', expression: 'B' };
  const targets = [{ ...COUNT, over: 'time', hide: true }, sum];
  const panel = { id: 1, type: 'stat', title: 'Sum', gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: AUDIT, targets };
  const zones: unknown[] = [];
  page.on('request', (request) => zones.push(...queries(request).map(({ timezone }) => timezone)));
  for (const [set, timezone] of [
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['utc', 'UTC'],
  ]) {
    zones.length = 0;
    await gotoDashboardPage({ uid: await dashboard({ panels: [panel], timezone: set }) });
    await expect(page.getByTestId('data-testid Panel header Sum').getByText(/^\d+$/)).toBeVisible();
    expect(new Set(zones)).toEqual(new Set([timezone]));
  }
});

test('panels of mixed data sources and annotations follow a change of the filters', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const dependsOn = ['${filters}'];
  const lane = annotation({ severities: ['high'] });
  const uid = await dashboard({
    panels: [{ ...CPU, datasource: MIXED, targets: [...CPU.targets, { ...COUNT, over: 'time', dependsOn }] }],
    annotations: { list: [{ ...lane, target: { ...lane.target, dependsOn } }] },
    templating: {
      list: [
        {
          type: 'adhoc',
          name: 'filters',
          datasource: AUDIT,
          filters: ['iam', 'instance'].map((value) => ({ key: 'product', operator: '!=', value, condition: '' })),
        },
      ],
    },
  });
  const first = Promise.all([asked(page, 'B', 'instance'), asked(page, 'Anno', 'instance')]);
  await gotoDashboardPage({ uid });
  await first;
  const followed = ['B', 'Anno'].map((refId) =>
    page.waitForRequest((request) =>
      queries(request).some((query) => query.refId === refId && !JSON.stringify(query.filters).includes('"iam"'))
    )
  );
  await page
    .getByRole('button', { name: /remove filter.*product/i })
    .first()
    .click();
  await Promise.all(followed);
});

test('a log panel of a dashboard scrolls on to older lines, and shows each', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const to = Date.now() - 3_600_000;
  const target = { refId: 'A', datasource: AUDIT, version: 1, queryType: 'events', format: 'logs', limit: 40 };
  const uid = await dashboard({
    time: { from: new Date(to - 24 * 3_600_000).toISOString(), to: new Date(to).toISOString() },
    panels: [
      {
        id: 1,
        type: 'logs',
        title: 'Lines',
        datasource: AUDIT,
        gridPos: { x: 0, y: 0, w: 24, h: 16 },
        options: { enableInfiniteScrolling: true, sortOrder: 'Descending', showTime: true },
        targets: [target],
      },
    ],
  });
  const ids: string[][] = [];
  page.on('response', async (response) => {
    if (queries(response.request()).some(({ refId }) => refId === 'A')) {
      const { schema, data } = (await response.json()).results.A.frames[0];
      ids.push(data.values[schema.fields.findIndex(({ name }: { name: string }) => name === 'id')]);
    }
  });
  await gotoDashboardPage({ uid });
  await expect(page.getByText(/ · from | · in /).first()).toBeVisible();
  await page
    .getByText(/ · from | · in /)
    .first()
    .hover();
  await expect(async () => {
    await page.mouse.wheel(0, 4_000);
    expect(ids.length).toBeGreaterThan(2);
  }).toPass({ intervals: [300] });

  const range = { from: String(to - 24 * 3_600_000), to: String(to) };
  const all = await page.request.post('/api/ds/query', { data: { ...range, queries: [{ ...target, limit: 1000 }] } });
  const { schema, data } = (await all.json()).results.A.frames[0];
  const newest: string[] = data.values[schema.fields.findIndex(({ name }: { name: string }) => name === 'id')];
  // Each page begins with the last millisecond of the one before.
  const found = new Set(ids.flat());
  expect(found.size).toBeLessThan(ids.flat().length);
  expect([...found]).toEqual(newest.slice(0, found.size));
});
