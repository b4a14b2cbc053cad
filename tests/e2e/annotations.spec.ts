import { annotation, AUDIT, CPU, expect, markers, test, tooltips } from './fixtures';

test('the annotation editor of a new annotation shows events at once', async ({ annotationEditPage, page }) => {
  await annotationEditPage.datasource.set(AUDIT.name);
  await expect(page.getByTestId('audit-summary')).toContainText('Events in range');
  // A question that was answered within two seconds is not asked again, so that no request can be waited for.
  await page.getByRole('button', { name: 'Test annotation query' }).click();
  await expect(page.getByText(/\d+ events? \(from/i)).toBeVisible();
  // Grafana shows all fields of the first annotation, whose text is long.
  const cells = page.locator('table td');
  await expect(cells.filter({ hasText: /within \d|Details|They matter less/ }).first()).toBeVisible();
  await expect(cells.filter({ hasText: /<\/?[a-z]+|&[a-z]+;/ })).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
});

test('a dashboard shows who did what over a metric', async ({ dashboard, gotoDashboardPage, page }) => {
  const uid = await dashboard({
    panels: [CPU],
    annotations: {
      list: [
        annotation({ resourceNames: ['web-3'], severities: ['critical', 'high', 'medium'], sourceIps: ['192.0.2.66'] }),
      ],
    },
  });
  await gotoDashboardPage({ uid });
  const texts = (await tooltips(page)).join('\n');
  expect(texts).toContain('ci-deploy UpdateServer web-3');
  expect(texts).toContain('from 192.0.2.66');
});

test('a panel with two data sources shows events over its metric, with links', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const overlay = {
    refId: 'B',
    datasource: AUDIT,
    version: 1,
    queryType: 'annotations',
    overlay: true,
    scope: { resourceNames: ['web-3'], sourceIps: ['192.0.2.66'] },
  };
  const panel = { ...CPU, datasource: { type: 'datasource', uid: '-- Mixed --' }, targets: [...CPU.targets, overlay] };
  await gotoDashboardPage({ uid: await dashboard({ panels: [panel] }) });
  await expect(markers(page).first()).toBeVisible();
  await markers(page).last().click({ force: true });
  await expect(page.getByRole('link', { name: 'Event details' })).toHaveAttribute('href', /\/explore\?/);
});

test('names that try to be markup stay text', async ({ dashboard, gotoDashboardPage, page }) => {
  const hostile = "<script>alert('name')</script>";
  let ran = false;
  page.on('dialog', (dialog) => {
    ran = true;
    void dialog.dismiss();
  });
  const uid = await dashboard({
    panels: [CPU],
    time: { from: 'now-7d', to: 'now' },
    annotations: { list: [annotation({ resourceNames: [hostile] })] },
  });
  await gotoDashboardPage({ uid });
  const texts = await tooltips(page);
  expect(texts.some((text) => text.includes(hostile))).toBe(true);
  expect(ran).toBe(false);
});
