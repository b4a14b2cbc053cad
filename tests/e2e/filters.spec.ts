import type { Locator, Page } from '@playwright/test';

import { annotation, AUDIT, CPU, expect, panel, PLUGIN, test } from './fixtures';

interface Filter {
  key: string;
  operator: string;
  value: string;
  values?: string[];
}

/** An event as a table of events has it. */
type Event = Record<string, string | number | null>;

/** Everything that the simulated intruder did. */
const SCOPE = { sourceIps: ['192.0.2.66'] };
const EVENTS = { refId: 'A', version: 1, queryType: 'events', format: 'table', scope: SCOPE };

const IDS = {
  id: 2,
  type: 'table',
  title: 'Ids',
  // High enough for all rows: those out of view are not drawn.
  gridPos: { x: 0, y: 16, w: 24, h: 120 },
  datasource: AUDIT,
  targets: [{ ...EVENTS, datasource: AUDIT }],
  transformations: [{ id: 'filterFieldsByName', options: { include: { names: ['id'] } } }],
  options: { cellHeight: 'sm' },
};

const bar = (datasource: object) => ({ type: 'adhoc', name: 'filters', label: 'Filters', datasource, filters: [] });

/** The queries of an answered request that ask the trail. */
function queriesOf(body: string | null): Array<{ refId: string; filters?: Filter[]; datasource: { type: string } }> {
  return JSON.parse(body ?? '{"queries":[]}').queries.filter(
    ({ datasource }: { datasource: { type: string } }) => datasource.type === PLUGIN
  );
}

/** The answer to the query of this name that has exactly these filters. */
function answered(page: Page, refId: string, filters: Filter[]) {
  return page.waitForResponse(
    (response) =>
      response.url().includes('/api/ds/query') &&
      queriesOf(response.request().postData()).some(
        (query) => query.refId === refId && JSON.stringify(query.filters ?? []) === JSON.stringify(filters)
      )
  );
}

/** The rows of the table; while a list of the filter bar is open, all else is hidden from assistive technology. */
const cellsOf = (page: Page) => panel(page, IDS.id).getByRole('gridcell', { includeHidden: true });

const option = (page: Page, text: string) =>
  page.getByRole('option').filter({ has: page.getByText(text, { exact: true }) });

/** Builds a row of the filter bar as a person does, up to its value. */
async function begin(page: Page, key: string, operator: string): Promise<Locator> {
  const input = page.getByPlaceholder(/Filter by label values/);
  await input.click();
  await page.keyboard.type(key);
  await option(page, key).first().click();
  await option(page, operator).click();
  await expect(
    page
      .getByRole('option')
      .first()
      .or(page.getByText(/No options found/))
  ).toBeVisible();
  return input;
}

async function add(page: Page, { key, operator, value, values }: Filter) {
  await begin(page, key, operator);
  for (const text of values ?? [value]) {
    await page.keyboard.type(text);
    const custom = page.getByRole('option', { name: `Use custom value: ${text}`, exact: true });
    await option(page, text).or(custom).first().click();
  }
  await page.keyboard.press('Escape');
}

const text = (value: string | number | null) => String(value ?? '');
const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);

/** Each operator, and which events it leaves. */
const cases: Array<{ filter: Filter; keeps: (event: Event) => boolean }> = [
  {
    filter: { key: 'method', operator: '=', value: 'CreateAPIKey' },
    keeps: ({ method }) => method === 'CreateAPIKey',
  },
  {
    filter: { key: 'status_class', operator: '!=', value: 'denied' },
    keeps: ({ status_class }) => status_class !== 'denied',
  },
  {
    filter: { key: 'method', operator: '=|', value: 'CreateAPIKey', values: ['CreateAPIKey', 'CreatePolicy'] },
    keeps: ({ method }) => ['CreateAPIKey', 'CreatePolicy'].includes(text(method)),
  },
  {
    filter: { key: 'product', operator: '!=|', value: 'iam', values: ['iam', 'instance'] },
    keeps: ({ product }) => !['iam', 'instance'].includes(text(product)),
  },
  {
    filter: { key: 'method', operator: '=~', value: 'Create.*' },
    keeps: ({ method }) => whole('Create.*').test(text(method)),
  },
  {
    filter: { key: 'method', operator: '!~', value: 'Create.*' },
    keeps: ({ method }) => !whole('Create.*').test(text(method)),
  },
  { filter: { key: 'status', operator: '<', value: '300' }, keeps: ({ status }) => !!status && Number(status) < 300 },
  { filter: { key: 'status', operator: '<=', value: '200' }, keeps: ({ status }) => !!status && Number(status) <= 200 },
  { filter: { key: 'status', operator: '>', value: '200' }, keeps: ({ status }) => !!status && Number(status) > 200 },
  { filter: { key: 'status', operator: '>=', value: '400' }, keeps: ({ status }) => !!status && Number(status) >= 400 },
  { filter: { key: 'product', operator: '=', value: '(none)' }, keeps: ({ product }) => !product },
  { filter: { key: 'product', operator: '!=', value: '(none)' }, keeps: ({ product }) => !!product },
];

test('each operator of the filter bar reaches the backend, and the rows match it', async ({
  dashboard,
  gotoDashboardPage,
  page,
  request,
}) => {
  test.setTimeout(300_000);
  const to = Date.now() - 60_000;
  const range = { from: new Date(to - 24 * 3_600_000).toISOString(), to: new Date(to).toISOString() };
  const answer = await request.post('/api/ds/query', {
    data: { queries: [{ ...EVENTS, datasource: AUDIT }], from: String(to - 24 * 3_600_000), to: String(to) },
  });
  const { schema, data } = (await answer.json()).results.A.frames[0];
  const names: string[] = schema.fields.map(({ name }: { name: string }) => name);
  const events: Event[] = data.values[0].map((_: unknown, row: number) =>
    Object.fromEntries(names.map((name, column) => [name, data.values[column][row]]))
  );

  const uid = await dashboard({ panels: [IDS], templating: { list: [bar(AUDIT)] }, time: range });
  const cells = cellsOf(page);
  await gotoDashboardPage({ uid });
  await expect(cells).toHaveText(events.map(({ id }) => text(id)));

  for (const { filter, keeps } of cases) {
    await test.step(`${filter.key} ${filter.operator} ${filter.values ?? filter.value}`, async () => {
      const kept = events.filter(keeps);
      expect(kept.length, 'the filter keeps some events').toBeGreaterThan(0);
      expect(kept.length, 'and leaves some out').toBeLessThan(events.length);
      const response = answered(page, 'A', [filter]);
      await add(page, filter);
      expect((await response).ok()).toBe(true);
      await expect(cells).toHaveText(kept.map(({ id }) => text(id)));
      await page.getByRole('button', { name: `Remove filter with key ${filter.key}` }).click();
      await expect(cells).toHaveCount(events.length);
    });
  }
});

test('the filter bar offers (none), and an unfinished row changes nothing', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const uid = await dashboard({
    panels: [IDS],
    templating: { list: [bar(AUDIT)] },
    time: { from: 'now-24h', to: 'now' },
  });
  const cells = cellsOf(page);
  await gotoDashboardPage({ uid });
  await expect(cells.first()).toBeVisible();
  const all = await cells.count();

  await begin(page, 'mfa', '=');
  await expect(option(page, '(none)')).toBeVisible();
  await page.keyboard.press('Escape');
  const response = answered(page, 'A', []);
  await page.getByTestId('data-testid RefreshPicker run button').click();
  expect((await response).ok()).toBe(true);
  await expect(cells).toHaveCount(all);
});

test('a comparison on a column without numbers is an error with the allowed columns', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const uid = await dashboard({ panels: [IDS], templating: { list: [bar(AUDIT)] } });
  await gotoDashboardPage({ uid });
  const filter = { key: 'method', operator: '>=', value: '400' };
  const response = answered(page, 'A', [filter]);
  await add(page, filter);
  const { error } = (await (await response).json()).results.A;
  for (const named of ['>=', 'method', 'status', '=~']) {
    expect(error).toContain(named);
  }
  await expect(panel(page, IDS.id).getByTestId('data-testid Panel status error')).toBeVisible();
});

test('filters of a data source that is a variable reach mixed panels, overlays and annotations', async ({
  dashboard,
  gotoDashboardPage,
  page,
}) => {
  const variable = { type: PLUGIN, uid: '${ds}' };
  const mixed = {
    ...CPU,
    datasource: { type: 'datasource', uid: '-- Mixed --' },
    targets: [
      ...CPU.targets,
      { ...EVENTS, refId: 'Count', datasource: variable, queryType: 'counts', over: 'time' },
      { ...EVENTS, refId: 'Overlay', datasource: variable, queryType: 'annotations', overlay: true },
    ],
  };
  const uid = await dashboard({
    panels: [mixed, { ...IDS, datasource: variable, targets: [{ ...EVENTS, datasource: variable }] }],
    annotations: { list: [{ ...annotation(SCOPE), datasource: variable }] },
    templating: {
      list: [
        {
          type: 'datasource',
          name: 'ds',
          label: 'Trail',
          query: PLUGIN,
          current: { value: AUDIT.uid, text: AUDIT.name },
        },
        { ...bar(variable), filters: [{ key: 'method', operator: '=', value: 'CreateAPIKey', condition: '' }] },
      ],
    },
  });
  const filters = [{ key: 'method', operator: '=', value: 'CreateAPIKey' }];
  const answers = ['Count', 'Overlay', 'A'].map((refId) => answered(page, refId, filters));
  await gotoDashboardPage({ uid });
  for (const answer of await Promise.all(answers)) {
    expect(answer.ok()).toBe(true);
  }
  // Grafana asks for a dashboard's annotations before it knows the filters, and then only at the next refresh.
  const annotations = answered(page, 'Anno', filters);
  await page.getByTestId('data-testid RefreshPicker run button').click();
  expect((await annotations).ok()).toBe(true);
});
