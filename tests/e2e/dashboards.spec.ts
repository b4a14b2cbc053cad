import { access, activity, asking, expect, incident, incidentRange, panel, showAll, test } from './fixtures';

test('a range without events is 0 on each tile and in each ranking', async ({ page }) => {
  const filters = encodeURIComponent('user_agent|=|no such program');
  // The tiles, and the row of all in each table that ranks groups.
  for (const { model, zeros } of [
    { model: activity, zeros: 6 + 3 },
    { model: access, zeros: 6 + 2 },
  ]) {
    await showAll(page, model);
    await page.goto(`/d/${model.uid}?var-filters=${filters}`);
    await expect(page.getByText('0', { exact: true })).toHaveCount(zeros);
    await expect(page.getByText('unknown', { exact: true })).toHaveCount(0);
  }
});

test('principal, method and address are visible in a window of 1 280 px beside the menu', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('grafana.navigation.docked', 'true'));
  for (const model of [access, activity]) {
    await showAll(page, model);
    await page.setViewportSize({ width: 1280, height: page.viewportSize()!.height });
    await page.goto(`/d/${model.uid}?from=now-6h&to=now`);
    for (const { id, title } of asking(model).filter(({ type }) => type === 'table')) {
      await test.step(title, async () => {
        const header = panel(page, id).getByRole('columnheader', { name: 'Source address' });
        await expect(panel(page, id).getByRole('columnheader').first()).toBeVisible();
        if (await header.count()) {
          const [cell, edge] = [await header.boundingBox(), await panel(page, id).boundingBox()];
          expect(cell!.x + cell!.width).toBeLessThanOrEqual(edge!.x + edge!.width);
        }
      });
    }
  }
});

test('the switches of Incident turn annotations of its main panel off and on', async ({ page, request }) => {
  const { from, to } = await incidentRange(request);
  await page.goto(`/d/${incident.uid}?from=${from}&to=${to}`);
  const markers = panel(page, 1).getByTestId('data-testid annotation-marker');
  await expect(markers.first()).toBeVisible();
  const all = await markers.count();
  const medium = page.getByLabel('Resource: medium');
  await medium.click({ force: true });
  await expect.poll(() => markers.count()).toBeLessThan(all);
  await medium.click({ force: true });
  await expect.poll(() => markers.count()).toBe(all);
});

test('the node graph of Incident fits into its panel, and its legend has words', async ({ page, request }) => {
  const { from, to } = await incidentRange(request);
  const [{ id, gridPos }] = incident.panels.filter(({ type }) => type === 'nodeGraph');
  // The panel alone, in its size on a dashboard that is 1 500 pixels wide: a row has 30 pixels, and 8 lie between two.
  const edge = { width: (1500 * gridPos.w) / 24, height: gridPos.h * 38 - 8 };
  await page.setViewportSize({ width: Math.floor(edge.width), height: edge.height });
  await page.goto(`/d-solo/${incident.uid}?from=${from}&to=${to}&panelId=${id}`);
  const rings = page.locator('[data-testid^="node-circle-"]');
  await expect(rings.first()).toBeVisible();
  for (const ring of await rings.all()) {
    const { x, y, width, height } = (await ring.boundingBox())!;
    expect(x).toBeGreaterThan(0);
    expect(y).toBeGreaterThan(0);
    expect(x + width).toBeLessThan(edge.width);
    expect(y + height).toBeLessThan(edge.height);
  }
  for (const word of ['events', 'other']) {
    await expect(page.getByText(word, { exact: true })).toBeVisible();
  }
  await expect(page.getByText(/mainstat|arc__/)).toHaveCount(0);
});
