import {
  access,
  activity,
  ANONYMOUS,
  asking,
  expect,
  incident,
  incidentRange,
  markers,
  panel,
  showAll,
  test,
} from './fixtures';

/** A time in a dashboard's address, which Grafana writes as a number or as ISO 8601. */
function timeIn({ searchParams }: URL, name: string): number {
  const time = searchParams.get(name) ?? '';
  return /^\d+$/.test(time) ? Number(time) : Date.parse(time);
}

test.describe('a viewer', () => {
  test.use({ storageState: ANONYMOUS });

  test('has a link of an annotation to the dashboard around its event only', async ({ page, request }) => {
    const { from, to } = await incidentRange(request);
    await showAll(page, incident);
    await page.goto(`/d/${incident.uid}?from=${from}&to=${to}`);
    await expect(markers(panel(page, 1)).first()).toBeVisible();
    await markers(panel(page, 1)).last().click({ force: true });
    await page.getByRole('link', { name: 'Zoom to the event' }).click();
    await expect(page).toHaveURL((url) => timeIn(url, 'from') > Number(from));
    const shown = new URL(page.url());
    expect(shown.pathname).toContain(`/d/${incident.uid}`);
    const [zoomedFrom, zoomedTo] = ['from', 'to'].map((name) => timeIn(shown, name));
    expect(zoomedTo).toBeLessThanOrEqual(Number(to));
    expect(zoomedTo - zoomedFrom).toBeLessThan((Number(to) - Number(from)) / 4);
    await expect(markers(panel(page, 1)).first()).toBeVisible();
    await expect(page.locator('a[href*="/explore"]')).toHaveCount(0);
  });

  for (const model of [access, activity, incident]) {
    test(`finds no link to Explore on "${model.title}"`, async ({ page, request }) => {
      const { from, to } = await incidentRange(request);
      await showAll(page, model);
      await page.goto(`/d/${model.uid}?from=${from}&to=${to}`);
      for (const { id } of asking(model)) {
        await expect(panel(page, id).getByTestId('data-testid Panel status error')).toHaveCount(0);
      }
      await expect(page.getByLabel('Panel loading bar')).toHaveCount(0);
      await expect(page.locator('a[href*="/explore"]')).toHaveCount(0);
    });
  }
});
