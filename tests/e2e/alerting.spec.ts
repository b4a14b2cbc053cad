import { AUDIT, expect, test } from './fixtures';

test('the editor of an alert rule counts and previews', async ({ alertRuleEditPage, page }) => {
  await alertRuleEditPage.alertRuleNameField.fill('Anything');
  const row = await alertRuleEditPage.getQueryRow('A');
  await row.datasource.set(AUDIT.name);
  await expect(row.locator.getByTestId('audit-summary')).toBeVisible();
  await expect(alertRuleEditPage.evaluate()).toBeOK();
  await expect(page.getByText(/^(Firing|Normal)$/).first()).toBeVisible();
});

test('the provisioned rules evaluate without an error', async ({ request }) => {
  // The slower group's first evaluation comes within five minutes of Grafana's start.
  const evaluated = 330_000;
  test.setTimeout(evaluated + 60_000);
  await expect
    .poll(
      async () => {
        const response = await request.get('/api/prometheus/grafana/api/v1/rules');
        const { data } = await response.json();
        const rules = data.groups.flatMap((group: { rules: object[] }) => group.rules);
        const left = rules.filter(
          ({ health, lastEvaluation }: Record<string, string>) => health !== 'ok' || lastEvaluation.startsWith('0001')
        );
        return rules.length ? left.map(({ name }: Record<string, string>) => name) : 'no rule';
      },
      { timeout: evaluated, intervals: [3_000] }
    )
    .toEqual([]);
});
