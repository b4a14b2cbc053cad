import { join } from 'node:path';

import type { Locator, Page } from '@playwright/test';

import { annotation, CPU, expect, explore, incidentRange, markers, OWN_RULE, test } from './fixtures';

/** The pictures of docs/, which change with each run: taken only where a folder for them is named. */
const FOLDER = process.env.PICTURES;

test.skip(!FOLDER, 'PICTURES names no folder');

const THEME = 'light';

test.use({ viewport: { width: 1400, height: 1000 } });

test.beforeEach(({ page }) =>
  page.addInitScript(() => {
    localStorage.setItem('grafana.navigation.docked', 'false');
    localStorage.setItem('grafana.explore.contentOutline.expanded', 'false');
  })
);

async function picture(name: string, of: Page | Locator) {
  await of.screenshot({ path: join(FOLDER!, `${name}.png`), animations: 'disabled' });
}

test('a new annotation on a graph', async ({ dashboard, page, request }) => {
  const { from, to } = await incidentRange(request);
  const important = annotation({ resourceNames: ['web-3'] });
  const list = [{ ...important, target: { ...important.target, relevance: 'important' } }];
  const targets = CPU.targets.map((target) => ({ ...target, legendFormat: '{{resource_name}}' }));
  const panel = { ...CPU, targets, gridPos: { ...CPU.gridPos, h: 12 } };
  const uid = await dashboard({ title: 'Servers', panels: [panel], annotations: { list } });
  await page.setViewportSize({ width: 1200, height: 800 });
  await page.goto(`/d/${uid}?from=${from}&to=${to}&theme=${THEME}`);
  await expect(markers(page).first()).toBeVisible();
  await markers(page).last().hover({ force: true });
  await expect(page.locator('#grafana-portal-container')).toContainText(/\S/);
  await picture('annotation-light', page);
});

test('the editor of detections', async ({ page, request }) => {
  await page.setViewportSize({ width: 1280, height: 960 });
  await explore(page, [{ queryType: 'detections', sigma: OWN_RULE }], {
    theme: THEME,
    range: await incidentRange(request),
  });
  await expect(page.getByTestId('audit-sigma-state')).toContainText(/Matches/);
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  await picture('detections-light', page);
});

test('the suspects of a metric in Explore', async ({ page, request }) => {
  const [{ expr: expression }] = CPU.targets;
  const range = await incidentRange(request);
  await explore(page, [{ queryType: 'investigate', expression }], { theme: THEME, range });
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  await picture('suspects-light', page);
});
