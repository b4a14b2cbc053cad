import { annotation, AUDIT, CPU, expect, test } from './fixtures';

test('a variable lists the principals by name', async ({ variableEditPage, page }) => {
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(AUDIT.name);
  await expect(page.getByTestId('audit-summary')).toContainText(/principal/i);
  await variableEditPage.runQuery();
  await expect(variableEditPage).toDisplayPreviews(['ci-deploy', 'ops-3@example.com']);
});

test('an ad-hoc filter reaches panels and annotations', async ({ dashboard, gotoDashboardPage, page }) => {
  const table = {
    id: 2,
    type: 'table',
    title: 'Events',
    gridPos: { x: 0, y: 16, w: 24, h: 8 },
    datasource: AUDIT,
    targets: [{ refId: 'A', datasource: AUDIT, version: 1, queryType: 'events', format: 'table' }],
  };
  const uid = await dashboard({
    panels: [CPU, table],
    annotations: { list: [annotation({})] },
    templating: { list: [{ type: 'adhoc', name: 'filters', label: 'Filters', datasource: AUDIT, filters: [] }] },
  });
  await gotoDashboardPage({ uid });
  const filtered = (refId: string) =>
    page.waitForRequest((request) => {
      const query = request.url().includes('/api/ds/query') ? request.postDataJSON().queries[0] : undefined;
      return query?.refId === refId && query.filters?.[0]?.value === 'CreateAPIKey';
    });
  const panel = filtered('A');
  await page.getByPlaceholder(/Filter by label values/).click();
  await page.getByRole('option', { name: 'method', exact: true }).click();
  await page.getByRole('option', { name: /^=/ }).first().click();
  await page.keyboard.type('CreateAPIKey');
  await page.getByRole('option', { name: 'CreateAPIKey', exact: true }).click();
  const filters = [{ key: 'method', operator: '=', value: 'CreateAPIKey' }];
  expect((await panel).postDataJSON().queries[0].filters).toEqual(filters);
  // Grafana asks for a dashboard's annotations before it knows the filters, and then only at the next refresh.
  await page.keyboard.press('Escape');
  const marks = filtered('Anno');
  await page.getByTestId('data-testid RefreshPicker run button').click();
  expect((await marks).postDataJSON().queries[0].filters).toEqual(filters);
});
