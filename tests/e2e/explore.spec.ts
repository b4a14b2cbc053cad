import { readFile } from 'node:fs/promises';

import type { Page } from '@playwright/test';

import { AUDIT, expect, explore, test } from './fixtures';

const open = (page: Page, scope: object = {}, range = { from: 'now-6h', to: 'now' }, limit?: number) =>
  explore(page, [{ queryType: 'events', format: 'logs', scope, limit }], { range });

const rows = (page: Page) => page.getByTestId('log-row-message').or(page.locator('.log-line-body'));

test('Explore shows lines and their volume', async ({ page }) => {
  await open(page, { methods: ['CreateAPIKey'], sourceIps: ['192.0.2.66'] });
  await expect(rows(page).filter({ hasText: 'CreateAPIKey' }).first()).toBeVisible();
  const volume = page
    .getByRole('region', { name: /logs volume/i })
    .or(page.locator('section', { hasText: 'Logs volume' }));
  await expect(volume.locator('canvas').first()).toBeVisible();
  await expect(volume.getByText('critical').first()).toBeVisible();
});

test('Explore filters for a value of a line', async ({ page }) => {
  await open(page, {
    sourceIps: ['192.0.2.66'],
    methods: ['CreateAPIKey', 'CreatePolicy'],
  });
  await expect(rows(page)).toHaveCount(2);
  await rows(page).filter({ hasText: 'CreateAPIKey' }).click();
  const asked = page.waitForRequest(
    (request) => request.url().includes('/api/ds/query') && /"key":"method"/.test(request.postData() ?? '')
  );
  await page
    .getByRole('row')
    .or(page.locator('tr, [class*=fieldsTable] > div, div'))
    .filter({ has: page.getByText('method', { exact: true }) })
    .filter({ has: page.getByText('CreateAPIKey', { exact: true }) })
    .last()
    .getByRole('button', { name: /^Filter for value/ })
    .click();
  const filters = JSON.parse((await asked).postData() ?? '').queries[0].filters;
  expect(filters).toEqual([{ key: 'method', operator: '=', value: 'CreateAPIKey' }]);
  await expect(rows(page)).toHaveCount(1);
});

test('Explore shows other events of the same principal', async ({ page }) => {
  await open(page, { methods: ['CreateAPIKey'], sourceIps: ['192.0.2.66'] });
  await rows(page).first().click();
  await page.getByRole('button', { name: 'Show context' }).first().click();
  await expect(page.getByRole('dialog').getByText('CreatePolicy').first()).toBeVisible();
});

test('Explore splits, and a link to both sides shows the same', async ({ page, context }) => {
  const asked = (shown: Page) =>
    shown.getByTestId('audit-summary').filter({ hasText: /CreateAPIKey.*Events in range: 1$/ });
  await open(page, { methods: ['CreateAPIKey'], sourceIps: ['192.0.2.66'] });
  await expect(asked(page)).toHaveCount(1);
  await page.getByRole('button', { name: /^Split/ }).click();
  await expect(asked(page)).toHaveCount(2);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(asked(other)).toHaveCount(2);
});

test('Explore split shows a line in each pane without scrolling', async ({ page }) => {
  // Beside a docked menu, Grafana gives the right pane half of the window, and the left one the little that remains.
  await page.addInitScript(() => localStorage.setItem('grafana.navigation.docked', 'false'));
  await open(page, { sourceIps: ['192.0.2.66'] });
  await expect(rows(page).first()).toBeInViewport();
  await page.getByRole('button', { name: /^Split/ }).click();
  const panes = page.getByTestId('data-testid Explore');
  await expect(panes).toHaveCount(2);
  for (const pane of await panes.all()) {
    await expect(rows(page).and(pane.locator('*')).first()).toBeInViewport();
  }
});

test('Explore scrolls on to older lines, and shows each once', async ({ page, request }) => {
  const now = Date.now();
  const [from, to] = [String(now - 24 * 3_600_000), String(now - 3_600_000)];
  const scope = { products: ['iam'] };
  const query = { refId: 'A', datasource: AUDIT, version: 1, queryType: 'events', format: 'logs', scope, limit: 1000 };
  const response = await request.post('/api/ds/query', { data: { queries: [query], from, to } });
  const { schema, data } = (await response.json()).results.A.frames[0];
  const bodies = data.values[schema.fields.findIndex((field: { name: string }) => field.name === 'body')];

  await open(page, scope, { from, to }, 40);
  await expect(rows(page).first()).toBeVisible();
  for (let more = 0; more < 2; more++) {
    const scrolled = page.waitForResponse((answer) => /infiniteScroll/.test(answer.request().postData() ?? ''));
    await rows(page).last().hover();
    while (!(await Promise.race([scrolled.then(() => true), page.waitForTimeout(300).then(() => false)]))) {
      await page.mouse.wheel(0, 2_000);
    }
  }
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: /download/i }).click();
  await page.getByRole('menuitem', { name: /json/i }).click();
  const lines: { line: string }[] = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.map(({ line }) => line)).toEqual(bodies.slice(0, lines.length));
});
