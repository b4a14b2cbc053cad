import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import {
  annotation,
  asking,
  AUDIT,
  CPU,
  dashboards,
  expect,
  explore,
  incidentRange,
  KEY,
  OWN_RULE,
  panel,
  showAll,
  test,
} from './fixtures';

/** Grafana's own: the lines of a node graph (a table beside it has them), the list of a table's frames, the colors of log levels. */
const GRAFANAS = [
  'g[aria-label^="Edge from"]',
  '[data-viz-panel-key] input[id^="react-select-"]',
  '[class*="level-"].field',
];

/** The issues of a part of a page that a person cannot work around. */
async function issues(page: Page, part: string) {
  // The handle by which Grafana moves a query has its name from its icon, which is loaded later.
  await expect(page.locator('[data-rfd-drag-handle-draggable-id] svg:empty')).toHaveCount(0);
  const axe = GRAFANAS.reduce((axe, own) => axe.exclude(own), new AxeBuilder({ page }).include(part));
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ id, html: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) }));
}

const editor = '[data-testid="query-editor-row"]';

const QUERIES = {
  events: { queryType: 'events', format: 'logs', limit: 5 },
  counts: { queryType: 'counts', over: 'time', groupBy: ['method'], timezone: 'UTC' },
  investigate: { queryType: 'investigate', show: 'suspects', expression: 'up', suspects: 5 },
  detections: { queryType: 'detections', levels: ['high'], sigma: OWN_RULE },
};

for (const theme of ['dark', 'light']) {
  for (const [name, query] of Object.entries(QUERIES)) {
    test(`the editor of ${name} has no serious issue in the ${theme} theme`, async ({ page }) => {
      await explore(page, [query], { theme });
      await expect(page.getByTestId('audit-summary')).toContainText(/\./);
      if (query === QUERIES.detections) {
        await expect(page.getByTestId('audit-sigma-state')).toContainText(/Matches/);
      }
      expect(await issues(page, editor)).toEqual([]);
    });
  }

  test(`the settings have no serious issue in the ${theme} theme`, async ({ dataSource, page, sandbox }) => {
    const jsonData = { ...sandbox, detectionRules: 'title: A', hideFromViewers: true };
    const secureJsonData = { secretKey: KEY, cockpitToken: 'none' };
    const { uid } = await dataSource({ type: AUDIT.type, jsonData, secureJsonData });
    await page.goto(`/connections/datasources/edit/${uid}?theme=${theme}`);
    await expect(page.getByTestId('audit-sigma-state')).not.toBeEmpty();
    const closed = page.getByRole('button', { name: /^Expand section/ });
    while (await closed.count()) {
      await closed.first().click();
    }
    expect(await issues(page, 'form')).toEqual([]);
  });

  test(`the settings of an annotation have no serious issue in the ${theme} theme`, async ({ dashboard, page }) => {
    const uid = await dashboard({ panels: [CPU], annotations: { list: [annotation({ severities: ['high'] })] } });
    await page.goto(`/d/${uid}?editview=annotations&editIndex=1&theme=${theme}`);
    await expect(page.getByTestId('audit-summary')).toContainText('Events in range');
    expect(await issues(page, '[data-testid="audit-conditions"]')).toEqual([]);
  });

  for (const model of dashboards) {
    test(`"${model.title}" has no serious issue in the ${theme} theme`, async ({ page, request }) => {
      const { from, to } = await incidentRange(request);
      await showAll(page, model);
      await page.goto(`/d/${model.uid}?from=${from}&to=${to}&theme=${theme}`);
      for (const { id } of asking(model)) {
        await expect(panel(page, id)).toBeVisible();
      }
      // Before the first question there is no loading bar either.
      await page.waitForLoadState('networkidle');
      await expect(page.getByLabel('Panel loading bar')).toHaveCount(0);
      expect(await issues(page, '[data-viz-panel-key]')).toEqual([]);
    });
  }
}
