import type { Page } from '@playwright/test';

import { annotation, AUDIT, CPU, expect, test } from './fixtures';

const QUERY = {
  refId: 'A',
  datasource: AUDIT,
  version: 1,
  queryType: 'events',
  format: 'logs',
};

async function explore(page: Page, ...queries: object[]) {
  const range = { from: 'now-6h', to: 'now' };
  const panes = queries.map((query, i) => [`pane${i}`, { datasource: AUDIT.uid, queries: [query], range }]);
  await page.goto(
    `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(Object.fromEntries(panes)))}`
  );
}

test('each half of a split Explore has two rows of pickers, and lines in sight', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await page.addInitScript(() => {
    localStorage.setItem('grafana.navigation.docked', 'false');
    localStorage.setItem('grafana.explore.contentOutline.expanded', 'false');
  });
  await explore(page, QUERY, QUERY);
  const summaries = page.getByTestId('audit-summary').filter({ hasText: /Events in range: \d/ });
  await expect(summaries).toHaveCount(2);
  for (const half of await page.getByTestId('audit-conditions').all()) {
    const fields = await half.getByRole('combobox').all();
    const tops = await Promise.all(fields.map(async (field) => Math.round((await field.boundingBox())!.y / 20)));
    expect(fields).toHaveLength(7);
    expect(new Set(tops).size).toBe(2);
    expect((await half.boundingBox())!.height).toBeLessThan(150);
  }
  const lines = page.getByTestId('log-row-message').or(page.locator('.log-line-body'));
  const seen = async (left: number, right: number) => {
    const boxes = await lines.evaluateAll((all) => all.map((line) => line.getBoundingClientRect().toJSON()));
    return boxes.filter(({ x, bottom }) => x >= left && x < right && bottom <= 900).length;
  };
  await expect.poll(() => seen(0, 700)).toBeGreaterThan(0);
  await expect.poll(() => seen(700, 1400)).toBeGreaterThan(0);
});

test('what a query shows is not cut in a narrow window', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const [shape, shown] of Object.entries({
    'Log lines': QUERY,
    Table: { ...QUERY, format: 'table' },
    'Time series': { ...QUERY, queryType: 'counts', over: 'time' },
    Totals: { ...QUERY, queryType: 'counts', over: 'total' },
  })) {
    await explore(page, shown, shown);
    const picker = page.getByRole('combobox', { name: 'Show' }).last();
    await expect(picker).toHaveValue(shape);
    const room = await picker.evaluate((input: HTMLInputElement) => input.clientWidth - input.scrollWidth);
    expect([shape, room >= 0]).toEqual([shape, true]);
  }
});

test('what a query shows can be chosen in Explore', async ({ page }) => {
  await explore(page, QUERY);
  for (const shape of ['Table', 'Totals', 'Time series', 'Log lines']) {
    const picker = page.getByRole('combobox', { name: 'Show' });
    await picker.click();
    await page.getByRole('option', { name: shape }).click();
    await expect(picker).toHaveValue(shape);
    await expect(page.getByTestId('audit-summary')).toContainText(/Events in range: \d/);
    await expect(page.getByText('An unexpected error happened')).toHaveCount(0);
  }
});

test('a condition on any column is added with the keyboard alone', async ({ page }) => {
  await explore(page, QUERY);
  await expect(page.getByTestId('audit-summary')).toContainText(/Events in range: \d/);
  const asked = page.waitForRequest(
    (request) => request.url().includes('/api/ds/query') && /"filters":\[\{"key":"mfa"/.test(request.postData() ?? '')
  );
  await page.getByRole('button', { name: 'Condition', exact: true }).press('Enter');
  await expect(page.getByRole('menuitem', { name: /^Any column/ })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Column' })).toBeFocused();
  await page.keyboard.type('second factor');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('combobox', { name: 'Operator' })).toBeFocused();
  await page.keyboard.type('is not set');
  await page.keyboard.press('Enter');
  const { filters } = (await asked).postDataJSON().queries[0];
  expect(filters).toEqual([{ key: 'mfa', operator: '=', value: '(none)' }]);
  await expect(page.getByTestId('audit-summary')).toContainText('events where second factor is not set');
});

test('a value that no list knows gets a warning', async ({ page }) => {
  await explore(page, { ...QUERY, scope: { methods: ['createApiKye'] } });
  await expect(page.getByTestId('audit-warnings')).toContainText('createApiKye');
});

test('the settings of an annotation are no wider than the window, and everything is one click', async ({
  dashboard,
  page,
}) => {
  const list = [annotation({ severities: ['critical', 'high', 'medium'] })];
  const uid = await dashboard({ panels: [CPU], annotations: { list } });
  // Grafana's own annotations come first.
  await page.goto(`/d/${uid}?editview=annotations&editIndex=1`);
  await expect(page.getByText(/\d+ events? \(from/i)).toBeVisible();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(page.viewportSize()!.width);
  await expect(page.getByRole('combobox').and(page.getByLabel('Follow variables'))).toHaveCount(0);
  await page.getByRole('button', { name: 'Everything' }).click();
  await expect(page.getByTestId('audit-summary')).toContainText('all events');
});
