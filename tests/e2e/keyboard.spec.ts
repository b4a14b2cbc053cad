import type { Locator, Page } from '@playwright/test';

import { AUDIT, expect, explore, KEY, OWN_RULE, test } from './fixtures';

/** What a person can operate. Of radio buttons the arrow keys reach the others. */
const CONTROLS = 'input:not([type="radio"]), textarea, button, a[href]';

/** The controls of a part of a page, each by its name, that the Tab key does not reach on its way through the part. */
async function unreached(page: Page, part: Locator): Promise<string[]> {
  const names = await part.locator(CONTROLS).evaluateAll((controls) =>
    controls.map((control, number) => {
      control.setAttribute('data-control', String(number));
      const isShown = control.checkVisibility({ visibilityProperty: true }) && !control.closest('[aria-hidden="true"]');
      const { ariaLabel, textContent, id } = control as HTMLElement;
      const label = id && document.querySelector(`label[for="${CSS.escape(id)}"]`)?.textContent;
      return isShown && !control.matches(':disabled')
        ? (ariaLabel ?? label ?? '') || textContent || control.outerHTML
        : '';
    })
  );
  const focused = () =>
    part.evaluate(
      (part) => part.contains(document.activeElement) && document.activeElement!.getAttribute('data-control')
    );
  await part.locator(CONTROLS).first().focus();
  const reached = new Set<string | null>();
  for (let presses = 0; presses <= 2 * names.length; presses++) {
    const control = await focused();
    if (control === false) {
      return names.filter((name, number) => name && !reached.has(String(number)));
    }
    reached.add(control);
    await page.keyboard.press('Tab');
  }
  throw new Error('the Tab key does not leave');
}

for (const [name, query] of Object.entries({
  'log lines': { queryType: 'events', format: 'logs', limit: 5 },
  'a table': { queryType: 'events', format: 'table', novelty: true },
  counts: { queryType: 'counts', over: 'time', groupBy: ['method'], timezone: 'UTC' },
  annotations: { queryType: 'annotations', overlay: true },
  suspects: { queryType: 'investigate', show: 'recovery', expression: 'up', recoveredFrom: 'now' },
  detections: { queryType: 'detections', levels: ['high'], sigma: OWN_RULE },
})) {
  test(`the Tab key goes through the editor of ${name}`, async ({ page }) => {
    await explore(page, [{ ...query, scope: { sourceIps: ['192.0.2.66'] } }]);
    await expect(page.getByTestId('audit-summary')).toContainText(/\./);
    if (query.queryType === 'detections') {
      await expect(page.getByTestId('audit-sigma-state')).toContainText(/Matches/);
    }
    expect(await unreached(page, page.getByTestId('query-editor-row'))).toEqual([]);
  });
}

test('the Tab key goes through the settings, and Enter opens their sections', async ({ dataSource, page, sandbox }) => {
  const { uid } = await dataSource({ type: AUDIT.type, jsonData: sandbox, secureJsonData: { secretKey: KEY } });
  await page.goto(`/connections/datasources/edit/${uid}`);
  const closed = page.getByRole('button', { name: /^Expand section/ });
  await expect(closed.first()).toBeVisible();
  while (await closed.count()) {
    await closed.first().focus();
    await page.keyboard.press('Enter');
  }
  expect(await unreached(page, page.locator('form'))).toEqual([]);
});
