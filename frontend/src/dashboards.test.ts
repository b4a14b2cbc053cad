import access from './dashboards/access.json';
import activity from './dashboards/activity.json';
import incident from './dashboards/incident.json';

/** What a severity looks like: as Grafana paints log levels; annotations too, but for critical, which is red there. */
const COLORS = { critical: 'purple', high: 'red', medium: 'yellow', low: 'green', '(none)': 'gray' };

/** Words in plain yellow cannot be read on white. */
const WORDS = { ...COLORS, medium: 'dark-yellow' };

interface Override {
  matcher: { id: string; options: unknown };
  properties: Array<{ id: string; value: unknown }>;
}

const overrides = [access, activity, incident].flatMap(({ panels }) =>
  panels.flatMap((panel) => {
    const { title, targets, fieldConfig } = panel as {
      title: string;
      targets?: Array<{ groupBy?: string[] }>;
      fieldConfig?: { overrides: Override[] };
    };
    const bySeverity = Boolean(targets?.some(({ groupBy }) => groupBy?.includes('severity')));
    return (fieldConfig?.overrides ?? []).map((override) => ({ title, bySeverity, ...override }));
  })
);

describe('dashboards', () => {
  it('give a severity one colour in all their tables', () => {
    const found = overrides
      .filter(({ matcher }) => matcher.options === 'Severity')
      .flatMap(({ properties }) => properties.filter(({ id }) => id === 'mappings'))
      .map(({ value }) => (value as Array<{ options: Record<string, { color: string }> }>)[0].options)
      .map((options) => Object.fromEntries(Object.entries(options).map(([name, { color }]) => [name, color])));
    expect(found.length).toBeGreaterThan(0);
    found.forEach((colors) => expect(colors).toEqual(WORDS));
  });

  it('give it the same in their graphs', () => {
    const found = overrides
      .filter(({ bySeverity }) => bySeverity)
      .map(({ matcher, properties }) => [
        matcher.options,
        (properties.find(({ id }) => id === 'color')?.value as { fixedColor: string }).fixedColor,
      ]);
    expect(Object.fromEntries(found)).toEqual(COLORS);
  });

  it('ask a panel of mixed data sources again when a filter bar changes', () => {
    const boards = [access, activity, incident] as unknown as Array<{
      templating: { list: Array<{ type: string; name: string }> };
      panels: Array<{ datasource?: { uid: string }; targets?: Array<{ queryType?: string; dependsOn?: string[] }> }>;
    }>;
    const mixed = boards.flatMap(({ templating, panels }) => {
      const bars = templating.list.filter(({ type }) => type === 'adhoc').map(({ name }) => `\${${name}}`);
      const targets = panels
        .filter(({ datasource }) => datasource?.uid === '-- Mixed --')
        .flatMap(({ targets = [] }) => targets);
      return targets.filter(({ queryType }) => queryType).map(({ dependsOn }) => ({ bars, dependsOn }));
    });
    expect(mixed.length).toBeGreaterThan(0);
    mixed.forEach(({ bars, dependsOn }) => expect(dependsOn).toEqual(bars));
  });
});
