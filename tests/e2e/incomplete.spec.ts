import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { access, activity, asking, expect, incident, incidentRange, panel, showAll, test, tooltips } from './fixtures';

for (const model of [access, activity, incident]) {
  test(`with a stopped API and nothing cached, nothing on "${model.title}" looks like zero`, async ({
    page,
    relayed,
  }) => {
    await relayed.relay.stop();
    await showAll(page, model);
    await page.goto(`/d/${model.uid}?from=now-6h&to=now&var-audit=${relayed.audit.uid}`);
    for (const { id, title } of asking(model)) {
      await test.step(title, async () => {
        const shown = panel(page, id);
        await expect(
          shown
            .getByTestId('data-testid Panel status error')
            .or(shown.getByText(/Incomplete/))
            .first()
        ).toBeVisible();
        const lines = (await shown.innerText()).split('\n').map((line) => line.trim());
        expect(lines.filter((line) => /^(0+([.,]0+)?\s*%?|none|nothing)$/i.test(line))).toEqual([]);
      });
    }
  });
}

test('a region that does not answer is visible on the graphs of Incident', async ({ page, relayed, request }) => {
  relayed.relay.fails = (path) => path.includes('/regions/nl-ams/') && path.includes('audit-trail');
  const { from, to } = await incidentRange(request);
  await showAll(page, incident);
  await page.goto(`/d/${incident.uid}?from=${from}&to=${to}&var-audit=${relayed.audit.uid}`);
  const texts = await tooltips(page, panel(page, 1));
  expect(texts.filter((text) => /Incomplete/.test(text) && /nl-ams/.test(text))).not.toEqual([]);
});

/** A Prometheus that has no metrics. */
async function withoutMetrics(): Promise<{ url: string; stop: () => void }> {
  const server = createServer(({ url }, answer) => {
    const data = /query/.test(url ?? '') ? { resultType: 'vector', result: [] } : [];
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ status: 'success', data }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

test('Incident without metrics selects no event, with a notice', async ({ dataSource, page }) => {
  const metrics = await withoutMetrics();
  const { uid } = await dataSource({ type: 'prometheus', url: metrics.url });
  await showAll(page, incident);
  const asked = page.waitForResponse((response) => {
    const body = response.request().postData() ?? '';
    return response.url().includes('/api/ds/query') && /"format":"logs"/.test(body) && /emptyVariables/.test(body);
  });
  await page.goto(`/d/${incident.uid}?from=now-6h&to=now&var-metrics=${uid}`);
  const response = await asked;
  expect(response.request().postDataJSON().queries[0].emptyVariables).toEqual(['resource_id']);
  const { results } = await response.json();
  const { schema, data } = results.A.frames[0];
  expect(data.values.every((column: unknown[]) => !column.length)).toBe(true);
  expect(schema.meta.notices.map(({ text }: { text: string }) => text)).toEqual([
    'The variable $resource_id has no value, so no event is selected.',
  ]);
  const lines = panel(page, 4);
  await expect(lines.getByTestId('log-row-message').or(lines.locator('.log-line-body'))).toHaveCount(0);
  await lines.getByTestId('icon-exclamation-triangle').first().hover();
  const said = 'The variable $resource_id has no value, so no event is selected.';
  await expect(page.getByText(said).or(page.getByLabel(said)).first()).toBeVisible();
  metrics.stop();
});
