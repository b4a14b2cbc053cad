import { access, activity, ANONYMOUS, asking, expect, incident, incidentRange, panel, showAll, test } from './fixtures';

test.describe('a viewer', () => {
  test.use({ storageState: ANONYMOUS });

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
