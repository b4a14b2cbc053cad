import { expect, KEY, KEY_WITHOUT_AUDIT_TRAIL, PLUGIN, test, UNKNOWN_KEY } from './fixtures';

const cases = [
  { title: 'a key that may read the trail', key: KEY, ok: true, says: 'Audit Trail answers' },
  { title: 'a wrong key', key: UNKNOWN_KEY, ok: false, says: 'Wrong key' },
  { title: 'a missing permission', key: KEY_WITHOUT_AUDIT_TRAIL, ok: false, says: 'Missing permission' },
];

for (const { title, key, ok, says } of cases) {
  test(`the config page tests ${title}`, async ({ createDataSourceConfigPage, page, sandbox }) => {
    const config = await createDataSourceConfigPage({ type: PLUGIN });
    await page.getByLabel('Organization ID').fill(sandbox.organizationId);
    await page.getByLabel('Secret key').fill(key);
    await page.getByRole('button', { name: /Limits and connection/ }).click();
    await page.getByLabel('API URL').fill(sandbox.apiUrl);
    const tested = config.saveAndTest();
    if (ok) {
      await expect(tested).toBeOK();
    } else {
      expect((await tested).ok()).toBe(false);
    }
    await expect(config).toHaveAlert(ok ? 'success' : 'error', { hasText: says });
    if (ok) {
      await expect(page.getByText(/fr-par: answers, .*events in the last hour/)).toBeVisible();
    }
    await expect(page.getByText(key)).toHaveCount(0);
  });
}
