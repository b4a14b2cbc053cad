import { readFileSync } from "node:fs";
import { join } from "node:path";

import { AUDIT, expect, test } from "./fixtures";

/** The folder of the provisioned rules, and their titles. */
const FOLDER = "Scaleway Audit Trail";
const TITLES = readFileSync(
  join(__dirname, "../../provisioning/alerting/scaleway.yaml"),
  "utf8",
)
  .split("\n")
  .flatMap((line) => /^ {8}title: (.+)$/.exec(line)?.[1] ?? [])
  .sort();

test("the editor of an alert rule counts and previews", async ({
  alertRuleEditPage,
  page,
}) => {
  await alertRuleEditPage.alertRuleNameField.fill("Anything");
  const row = await alertRuleEditPage.getQueryRow("A");
  await row.datasource.set(AUDIT.name);
  await expect(row.locator.getByTestId("audit-summary")).toBeVisible();
  await expect(alertRuleEditPage.evaluate()).toBeOK();
  await expect(page.getByText(/^(Firing|Normal)$/).first()).toBeVisible();
});

test("the provisioned rules evaluate without an error", async ({ request }) => {
  expect(TITLES.length).toBeGreaterThan(0);
  // The slower group's first evaluation comes within five minutes of Grafana's start.
  const evaluated = 330_000;
  test.setTimeout(evaluated + 60_000);
  await expect
    .poll(
      async () => {
        const response = await request.get(
          "/api/prometheus/grafana/api/v1/rules",
        );
        const { data } = await response.json();
        const provisioned = data.groups.filter(
          ({ file }: { file: string }) => file === FOLDER,
        );
        const rules: Array<Record<string, string>> = provisioned.flatMap(
          ({ rules }: { rules: object[] }) => rules,
        );
        const evaluated = rules.filter(
          ({ health, lastEvaluation }) =>
            health === "ok" && !lastEvaluation.startsWith("0001"),
        );
        return evaluated.map(({ name }) => name).sort();
      },
      { timeout: evaluated, intervals: [3_000] },
    )
    .toEqual(TITLES);
});
