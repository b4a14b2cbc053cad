import { annotation, CPU, expect, explore, test } from './fixtures';

const QUERY = { queryType: 'events', format: 'logs' };

test('each half of a split Explore has two rows of pickers, and visible lines', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await page.addInitScript(() => {
    localStorage.setItem('grafana.navigation.docked', 'false');
    localStorage.setItem('grafana.explore.contentOutline.expanded', 'false');
  });
  await explore(page, [QUERY, QUERY]);
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

test('the picker of the shape is not cut in a narrow window', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const [shape, shown] of Object.entries({
    'Log lines': QUERY,
    Table: { ...QUERY, format: 'table' },
    'Time series': { ...QUERY, queryType: 'counts', over: 'time' },
    Totals: { ...QUERY, queryType: 'counts', over: 'total' },
  })) {
    await explore(page, [shown, shown]);
    const picker = page.getByRole('combobox', { name: 'Show' }).last();
    await expect(picker).toHaveValue(shape);
    const room = await picker.evaluate((input: HTMLInputElement) => input.clientWidth - input.scrollWidth);
    expect([shape, room >= 0]).toEqual([shape, true]);
  }
});

test('the shape of a query can be chosen in Explore', async ({ page }) => {
  await explore(page, [QUERY]);
  for (const shape of ['Table', 'Totals', 'Time series', 'Log lines']) {
    const picker = page.getByRole('combobox', { name: 'Show' });
    await picker.click();
    await page.getByRole('option', { name: shape }).click();
    await expect(picker).toHaveValue(shape);
    await expect(page.getByTestId('audit-summary')).toContainText(/Events in range: \d/);
    await expect(page.getByText('An unexpected error happened')).toHaveCount(0);
  }
});

test('every control of a query can be used with the mouse in Explore, and each changes the query once', async ({
  page,
}) => {
  test.slow();
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  const scope = {
    notText: ['x'],
    status: ['failed'],
    kinds: ['system'],
    riskClasses: ['execution'],
    resourceNames: ['a'],
    resourceTypes: ['b'],
    sourceIps: ['192.0.2.66'],
    notSourceIps: ['192.0.2.67'],
    services: ['c'],
    regions: ['fr-par'],
    projects: ['d'],
  };
  const filters = [
    { key: 'country', operator: '=', value: 'FR' },
    { key: 'mfa', operator: '!=|', value: 'totp', values: ['totp'] },
  ];
  await explore(page, [{ queryType: 'counts', over: 'time', timezone: 'UTC', groupBy: ['method'], scope, filters }]);
  const stored = () =>
    JSON.parse(
      Object.values(Object.fromEntries(new URL(page.url()).searchParams)).find((text) => text.startsWith('{'))!
    );
  const query = () => JSON.stringify((Object.values(stored())[0] as { queries: object[] }).queries);
  await expect(page.getByTestId('audit-summary')).toContainText(/Events in range: \d/);

  const controls = page.getByTestId('query-editor-row').getByRole('combobox');
  const count = await controls.count();
  // What is shown, what for, seventeen lists and texts, what is counted, the time zone, and two rows of column, operator and value.
  expect(count).toBe(2 + 17 + 2 + 6);
  for (let i = count - 1; i >= 0; i--) {
    const control = controls.nth(i);
    const name = await control.evaluate((input: HTMLInputElement) => input.labels?.[0]?.textContent ?? input.id);
    const before = query();
    await control.click();
    const options = page.getByRole('option');
    if (['Contains', 'Does not contain', 'Source address', 'Not from address'].some((text) => name.startsWith(text))) {
      await control.fill('203.0.113.7');
    }
    await expect(options.or(page.getByText('No options found')).first()).toBeVisible();
    if (!(await options.count())) {
      // Where no event is selected, no value is found.
      await control.fill('203.0.113.8');
    }
    await expect(options.first()).toBeVisible();
    await options.nth(Math.min(1, (await options.count()) - 1)).click();
    // A list of values stays open for more of them.
    await page.keyboard.press('Escape');
    await page.getByTestId('audit-summary').click();
    await expect(page.getByText('An unexpected error happened')).toHaveCount(0);
    expect([name, errors]).toEqual([name, []]);
    await expect.poll(() => [name, query() !== before]).toEqual([name, true]);
    await expect(page.getByTestId('audit-summary')).toBeVisible();
  }
});

test('an address is not cut in a picker of Explore, nor of a half of it', async ({ page }) => {
  const longest = '255.255.255.255';
  for (const [width, panes] of [
    [1280, 1],
    [1400, 2],
    [1920, 2],
  ]) {
    await page.setViewportSize({ width, height: 900 });
    await page.addInitScript(() => localStorage.setItem('grafana.navigation.docked', 'false'));
    await explore(page, Array(panes).fill({ ...QUERY, scope: { sourceIps: [longest] } }));
    const pill = page.getByTestId('audit-conditions').last().getByText(longest, { exact: true });
    await expect(pill).toBeVisible();
    const room = await pill.evaluate((text: HTMLElement) => text.clientWidth - text.scrollWidth);
    expect([width, panes, room >= 0]).toEqual([width, panes, true]);
  }
});

test('a condition on any column is added with the keyboard alone', async ({ page }) => {
  await explore(page, [QUERY]);
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

test('a value that no list has gets a warning', async ({ page }) => {
  await explore(page, [{ ...QUERY, scope: { methods: ['createApiKye'] } }]);
  await expect(page.getByTestId('audit-warnings')).toContainText('createApiKye');
});

test('the settings of an annotation are no wider than the window, and Everything is one click', async ({
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
