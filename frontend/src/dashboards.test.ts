import fs from 'fs';
import path from 'path';

import access from './dashboards/access.json';
import activity from './dashboards/activity.json';
import databases from './dashboards/databases.json';
import incident from './dashboards/incident.json';
import instances from './dashboards/instances.json';
import kubernetes from './dashboards/kubernetes.json';
import loadBalancer from './dashboards/load-balancer.json';

/** The look of a severity, in graphs, annotations and tables: as Grafana paints log levels. */
const COLORS = { critical: 'purple', high: 'red', medium: 'yellow', low: 'green' };

/**
 * The same behind words: no text in these colors can be read in both themes, and behind less than a third of a color Grafana
 * writes in the theme's own.
 */
const WORDS = {
  critical: 'rgba(184, 119, 217, 0.29)',
  high: 'rgba(242, 73, 92, 0.29)',
  medium: 'rgba(250, 222, 42, 0.29)',
  low: 'rgba(115, 191, 105, 0.29)',
  '(none)': 'rgba(128, 128, 128, 0.29)',
};

interface Query {
  refId: string;
  datasource: { uid: string };
  queryType?: string;
  show?: string;
  expr?: string;
  over?: string;
  overlay?: boolean;
  severityColors?: boolean;
  dependsOn?: string[];
  groupBy?: string[];
  scope?: Record<string, string[]>;
}

interface Override {
  matcher: { id: string; options: string };
  properties: Array<{ id: string; value: unknown }>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: Query[];
  transformations?: Array<{ id: string; options: Record<string, any> }>;
  fieldConfig?: { defaults: Record<string, unknown>; overrides: Override[] };
  options?: Record<string, unknown>;
}

interface Annotation {
  name: string;
  enable: boolean;
  iconColor: string;
  builtIn?: number;
  target?: Query;
  filter?: { exclude: boolean; ids: number[] };
}

/** The dashboards of a product: its metrics, and what was done to the chosen resource. */
const PRODUCTS = { databases, instances, kubernetes, loadBalancer };

const dashboards = Object.entries({ access, activity, incident, ...PRODUCTS }).map(([name, dashboard]) => ({
  name,
  panels: dashboard.panels as unknown as Panel[],
  annotations: (dashboard.annotations.list as unknown as Annotation[]).filter(({ builtIn }) => !builtIn),
  variables: dashboard.templating.list as unknown as Array<{
    name: string;
    type: string;
    regex?: string;
    query: unknown;
  }>,
}));

const panels = dashboards.flatMap(({ name, panels }) =>
  panels.map((panel) => ({ ...panel, name: `${name}/${panel.title}` }))
);
/** Panels with a text for what is not known. A panel of log lines has none. */
const queried = panels.filter(({ type }) => type !== 'row' && type !== 'logs');
const tables = queried.filter(({ type }) => type === 'table');
const bars = queried.filter(
  ({ fieldConfig }) => (fieldConfig?.defaults.custom as { drawStyle?: string })?.drawStyle === 'bars'
);

const isAudit = ({ datasource }: { datasource?: { uid: string } }) => datasource?.uid === '${audit}';

/** The value that an override gives a property. */
function overridden(panel: Panel, name: string, property: string): unknown {
  const properties = panel
    .fieldConfig!.overrides.filter(({ matcher }) => matcher.options === name)
    .flatMap(({ properties }) => properties);
  return properties.find(({ id }) => id === property)?.value;
}

/** The columns of a table of events, by the names that it gives them. */
function columns(panel: Panel): Record<string, string> {
  const organize = panel.transformations?.find(({ id }) => id === 'organize');
  return (organize?.options.renameByName ?? {}) as Record<string, string>;
}

describe('an unknown value', () => {
  it.each(queried.map((panel) => [panel.name, panel] as const))(
    'does not look like zero in %s',
    (_, { fieldConfig }) => {
      expect(fieldConfig!.defaults.noValue).toBe('unknown');
    }
  );

  it.each(queried.filter(({ type }) => type === 'stat').map((panel) => [panel.name, panel] as const))(
    'is told from a count of 0 in %s',
    (_, { targets, options }) => {
      const [query, ...others] = targets!;
      expect(others).toEqual([]);
      if (query.queryType === 'values') {
        // An empty list has 0 values; a list that could not be read is absent.
        expect(options!.reduceOptions).toMatchObject({ calcs: ['count'], fields: '/^value$/' });
      } else {
        // An ungrouped count of nothing is 0 by itself; a grouped one has no number at all.
        expect(query).toMatchObject({ queryType: 'counts', over: 'total' });
        expect(query.groupBy).toBeUndefined();
        expect(options!.reduceOptions).toMatchObject({ calcs: ['lastNotNull'] });
      }
    }
  );

  it('differs from zero wherever groups are counted', () => {
    const grouped = queried.filter(({ targets }) => targets!.some(({ groupBy }) => groupBy));
    expect(grouped.length).toBeGreaterThan(6);
    grouped.forEach(({ name, targets }) => {
      // Beside groups, of which there may be none, is the number of all.
      const all = targets!.filter(({ groupBy }) => !groupBy);
      const [{ over, scope }] = targets!.filter(({ groupBy }) => groupBy);
      expect([name, all]).toEqual([name, [expect.objectContaining({ queryType: 'counts', over, scope })]]);
    });
  });

  it('differs from zero beside every panel of log lines', () => {
    const logs = panels.filter(({ type }) => type === 'logs');
    expect(logs).toHaveLength(2);
    logs.forEach(({ name, targets }) => {
      const tiles = queried.filter(({ type, targets: [query] = [] }) => type === 'stat' && query.over === 'total');
      const scopes = tiles
        .filter((tile) => tile.name.split('/')[0] === name.split('/')[0])
        .map((tile) => tile.targets![0].scope);
      expect(scopes).toContainEqual(targets![0].scope);
    });
  });

  it('leaves cells of a table blank', () => {
    tables.forEach((table) => expect([table.name, overridden(table, '/.*/', 'noValue')]).toEqual([table.name, '']));
  });

  it('is not zero in the examples of the documentation', () => {
    const root = path.resolve(__dirname, '../..');
    const documents = ['README.md', ...fs.readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];
    documents
      .filter((name) => name.endsWith('.md'))
      .forEach((name) => {
        const text = fs.readFileSync(path.join(root, name), 'utf8');
        expect([name, text.match(/noValue"?: *"?(0|none|"").*/g)]).toEqual([name, null]);
      });
  });
});

describe('graphs', () => {
  it('have bars that begin at 0', () => {
    expect(bars.length).toBeGreaterThan(3);
    bars.forEach(({ name, fieldConfig }) => expect([name, fieldConfig!.defaults.min]).toEqual([name, 0]));
  });

  it('do not draw the total beside the groups', () => {
    bars.forEach((panel) => {
      const [{ refId }] = panel.targets!.filter(({ groupBy }) => !groupBy);
      const hidden = { viz: true, legend: true, tooltip: true };
      expect([panel.name, overridden(panel, refId, 'custom.hideFrom')]).toEqual([panel.name, hidden]);
    });
  });

  it('give a severity its colour', () => {
    const bySeverity = bars.filter(({ targets }) => targets!.some(({ groupBy }) => groupBy?.includes('severity')));
    expect(bySeverity).not.toEqual([]);
    bySeverity.forEach((panel) =>
      Object.entries({ ...COLORS, '(none)': 'gray' }).forEach(([severity, fixedColor]) =>
        expect(overridden(panel, severity, 'color')).toEqual({ mode: 'fixed', fixedColor })
      )
    );
  });

  it('distinguish a missing value from other groups', () => {
    const grouped = bars.map((panel) =>
      ['(none)', 'other'].map((name) => (overridden(panel, name, 'color') as { fixedColor: string })?.fixedColor)
    );
    expect(grouped).toContainEqual([expect.any(String), expect.any(String)]);
    grouped.filter(([none]) => none).forEach(([none, other]) => expect(other).not.toBe(none));
  });

  it('have a fixed text size', () => {
    expect(panels.filter(({ type }) => type === 'bargauge')).toEqual([]);
  });
});

describe('tables', () => {
  const ofEvents = tables.filter(({ targets }) => targets!.some(({ queryType }) => queryType === 'events'));

  it('give a severity its colour', () => {
    const found = tables.filter((table) => Object.values(columns(table)).includes('Severity'));
    expect(found.length).toBeGreaterThan(4);
    found.forEach((table) => {
      const [{ options }] = overridden(table, 'Severity', 'mappings') as Array<{
        options: Record<string, { color: string }>;
      }>;
      expect(Object.fromEntries(Object.entries(options).map(([name, { color }]) => [name, color]))).toEqual(WORDS);
    });
  });

  it('have no words in a color, which one of the themes would hide', () => {
    const cells = tables.flatMap(({ fieldConfig }) => fieldConfig!.overrides.flatMap(({ properties }) => properties));
    const types = cells.flatMap(({ id, value }) =>
      id === 'custom.cellOptions' ? (value as { type: string }).type : []
    );
    expect(types).toContain('color-background');
    expect(types).not.toContain('color-text');
    // Otherwise the first color of the thresholds, which is green, is behind an empty cell.
    const filled = tables.flatMap(({ fieldConfig }) =>
      fieldConfig!.overrides.filter(({ properties }) => JSON.stringify(properties).includes('color-background'))
    );
    filled.forEach(({ properties }) =>
      expect(properties).toContainEqual({ id: 'color', value: { mode: 'fixed', fixedColor: 'transparent' } })
    );
  });

  it('show the source address, and the key or resource', () => {
    expect(ofEvents.length).toBeGreaterThan(6);
    ofEvents.forEach((table) => {
      const shown = Object.keys(columns(table));
      expect([table.name, shown]).toEqual([
        table.name,
        expect.arrayContaining(['time', 'principal', 'method', 'source_ip']),
      ]);
      const logIns = table.targets![0].scope?.kinds?.includes('authentication');
      expect([table.name, shown.includes('resource_id')]).toEqual([table.name, !logIns]);
    });
  });

  it('leave out every column that they do not name', () => {
    const golden = '../../tests/host/testdata/recorded/events_table.golden.txt';
    const text = fs.readFileSync(path.resolve(__dirname, golden), 'utf8');
    const answered = text
      .split(/^fields .*\n/m)[1]
      .split(/^rows /m)[0]
      .match(/^ {2}\w+/gm)!;
    ofEvents.forEach((table) => {
      const { excludeByName, renameByName } = table.transformations!.find(({ id }) => id === 'organize')!.options;
      const included = table.transformations!.find(({ id }) => id === 'filterFieldsByName');
      if (included) {
        expect([table.name, included.options.include.names]).toEqual([table.name, Object.keys(renameByName)]);
        expect(answered.map((column) => column.trim())).toEqual(expect.arrayContaining(Object.keys(renameByName)));
        return;
      }
      const named = [...Object.keys(excludeByName), ...Object.keys(renameByName)];
      expect([table.name, named.sort()]).toEqual([table.name, answered.map((column) => column.trim()).sort()]);
    });
  });

  it('are wide enough for the values of their columns', () => {
    const least: Record<string, number> = { Principal: 190, 'Resource id': 305, 'Source address': 140, Time: 140 };
    ofEvents.forEach((table) => {
      Object.values(columns(table)).forEach((name) => {
        const width = overridden(table, name, 'custom.width') ?? overridden(table, name, 'custom.minWidth');
        expect([table.name, name, width]).toEqual([table.name, name, expect.any(Number)]);
        expect(width).toBeGreaterThanOrEqual(least[name] ?? 80);
      });
      expect([table.name, table.gridPos.w]).toEqual([table.name, 24]);
    });
  });

  /** A dashboard's width at 1 280 px beside Grafana's menu, less the edges of a panel. */
  const NARROW = 930;

  it('show principal, method, resource and address without scrolling, in a narrow window too', () => {
    ofEvents.forEach((table) => {
      const { indexByName } = table.transformations!.find(({ id }) => id === 'organize')!.options;
      const all = Object.entries(columns(table)).sort(([a], [b]) => Number(indexByName[a]) - Number(indexByName[b]));
      const until = all.slice(0, all.findIndex(([name]) => name === 'source_ip') + 1);
      const widths = until.map(([, name]) =>
        Number(overridden(table, name, 'custom.width') ?? overridden(table, name, 'custom.minWidth'))
      );
      const sum = widths.reduce((sum, width) => sum + width, 0);
      expect([table.name, sum <= NARROW || sum]).toEqual([table.name, true]);
    });
  });

  it('beside others have room for their widest value', () => {
    const method = tables.find(({ title }) => title === 'Second factor')!;
    // "authentication_code"
    expect(overridden(method, 'Method', 'custom.minWidth')).toBeGreaterThanOrEqual(165);
    tables
      .filter(({ gridPos }) => gridPos.w < 24)
      .forEach((table) => {
        const widths = Object.values(columns(table)).map((name) =>
          Number(overridden(table, name, 'custom.width') ?? overridden(table, name, 'custom.minWidth'))
        );
        const sum = widths.reduce((sum, width) => sum + width, 0);
        const room = ((NARROW + 18) * table.gridPos.w) / 24 - 18;
        expect([table.name, sum <= room || [sum, room]]).toEqual([table.name, true]);
      });
  });

  it('rank groups below the total, which is 0 without events', () => {
    const rankings = tables.filter(({ targets }) => targets!.some(({ queryType }) => queryType === 'counts'));
    expect(rankings.map(({ title }) => title)).toEqual([
      'Countries',
      'Second factor',
      'Top principals',
      'Top methods',
      'Denied calls',
    ]);
    rankings.forEach((table) => {
      expect(table.transformations!.map(({ id }) => id)).toEqual(['merge', 'organize', 'sortBy']);
      const [first] = Object.values(columns(table));
      expect(overridden(table, first, 'mappings')).toEqual([
        { type: 'special', options: { match: 'null', result: expect.objectContaining({ text: 'all' }) } },
      ]);
    });
  });

  it('rank no kinds of log-in among methods', () => {
    const methods = tables.find(({ title }) => title === 'Top methods')!;
    methods.targets!.forEach(({ scope }) => expect(scope!.kinds).toEqual(['api']));
  });
});

describe('annotations', () => {
  const { panels, annotations, variables } = dashboards.find(({ name }) => name === 'incident')!;
  const main = panels.find(({ id }) => id === 1)!;

  it('are one query for each severity, in its own colour', () => {
    const [about, anywhere] = [true, false].map((resource) =>
      annotations.filter(({ target }) => Boolean(target?.scope?.resourceIds) === resource)
    );
    const look = ({ target, iconColor }: Annotation) => [target?.scope?.severities, iconColor];
    expect(about.map(look)).toEqual(Object.entries(COLORS).map(([severity, color]) => [[severity], color]));
    expect(anywhere.map(look)).toEqual(
      Object.entries(COLORS)
        .slice(0, 2)
        .map(([severity, color]) => [[severity], color])
    );
    annotations.forEach(({ target }) =>
      expect(target).toMatchObject({ queryType: 'annotations', severityColors: false })
    );
    expect(new Set(annotations.map(({ name }) => name)).size).toBe(annotations.length);
  });

  it('have a lane each in every panel that shows them', () => {
    const ids = new Set(annotations.flatMap(({ filter }) => filter!.ids));
    expect(ids.size).toBe(3);
    panels
      .filter(({ id }) => ids.has(id))
      .forEach(({ options }) => expect(options!.annotations).toMatchObject({ multiLane: true }));
  });

  it('are turned on and off by their switches in the main panel too', () => {
    // What lies over the panel by a query of its own has no switch.
    expect(main.targets!.filter(isAudit).map(({ queryType }) => queryType)).toEqual(['investigate']);
    annotations.forEach(({ filter }) =>
      expect(filter).toMatchObject({ exclude: false, ids: expect.arrayContaining([1]) })
    );
    const overlays = panels.flatMap(({ targets }) => targets ?? []).filter(({ overlay }) => overlay);
    expect(overlays.map(({ queryType, show }) => [queryType, show])).toEqual([['investigate', 'annotations']]);
  });

  it('are about the resource that a variable names, by its id', () => {
    const { regex } = variables.find(({ name }) => name === 'resource_id')!;
    const found = (line: string) => line.match(new RegExp(regex!.slice(1, -1)))?.groups;
    const id = '32ed8300-1ba1-4ad4-b497-76451c73f564';
    expect(found(`{resource_id="${id}", resource_name="web-3"} 0.97 1764364800000`)).toEqual({
      text: 'web-3',
      value: id,
    });
    expect(found(`{resource_id="${id}", resource_name="two words, a=b"} 1 2`)).toEqual({
      text: 'two words, a=b',
      value: id,
    });
    expect(found(`{resource_id="", resource_name="web-3"} 0.97 1764364800000`)).toBeUndefined();
    expect(main.title).toContain('${resource_id:text}');
  });
});

describe('the stages of an incident', () => {
  const { panels } = dashboards.find(({ name }) => name === 'incident')!;
  const inOrder = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const stages = inOrder.reduce<Array<{ title: string; shown: string[] }>>((all, { type, title, targets = [] }) => {
    if (type === 'row') {
      return [...all, { title, shown: [] }];
    }
    all.at(-1)!.shown.push(...targets.flatMap(({ show }) => show ?? []));
    return all;
  }, []);

  it('are rows, each with its part of the investigation', () => {
    expect(stages).toEqual([
      { title: 'Detect', shown: ['annotations'] },
      { title: 'Confirm', shown: ['suspects'] },
      { title: 'Scope', shown: ['graph', 'graph', 'timeline', 'story'] },
      { title: 'Recover', shown: ['recovery', 'containment'] },
      { title: 'Post-mortem', shown: ['summary'] },
    ]);
  });

  it('are about the load of the chosen resource', () => {
    const asked = panels.flatMap(({ targets }) => targets ?? []).filter(({ queryType }) => queryType === 'investigate');
    asked.forEach((query) => expect(query).toMatchObject({ expression: '${load:raw}', target: ['${resource_id}'] }));
  });

  it('have a table beside the node graph, of the same query', () => {
    const [graph, table] = panels.filter(({ targets }) => targets?.some(({ show }) => show === 'graph'));
    expect([graph.type, table.type]).toEqual(['nodeGraph', 'table']);
    expect(table.targets).toEqual(graph.targets);
    expect(table.gridPos).toMatchObject({
      y: graph.gridPos.y,
      h: graph.gridPos.h,
      x: graph.gridPos.x + graph.gridPos.w,
    });
  });
});

describe.each(Object.keys(PRODUCTS))('the dashboard of a product: %s', (product) => {
  const { annotations, panels, variables } = dashboards.find(({ name }) => name === product)!;

  it('has a lane for each severity below each of its graphs', () => {
    const about = { queryType: 'annotations', severityColors: false };
    expect(annotations.map(({ target, iconColor, filter }) => [target, iconColor, filter])).toEqual(
      Object.entries(COLORS).map(([severity, color]) => [
        expect.objectContaining({ ...about, scope: { resourceIds: ['${resource_id}'], severities: [severity] } }),
        color,
        undefined,
      ])
    );
    const graphs = panels.filter(({ type }) => type === 'timeseries');
    expect(graphs.length).toBeGreaterThan(2);
    graphs.forEach(({ options }) => expect(options!.annotations).toMatchObject({ multiLane: true }));
  });

  it('chooses a region, and a resource by its id', () => {
    expect(variables.map(({ name }) => name)).toEqual(['audit', 'metrics', 'region', 'resource_id', 'filters']);
    expect(panels[1].title).toContain('${resource_id:text}');
  });

  it('has the events about the resource in a table', () => {
    const [{ scope }] = panels.filter(({ type }) => type === 'table').flatMap(({ targets }) => targets ?? []);
    expect(scope).toEqual({ resourceIds: ['${resource_id}'] });
  });
});

describe('metrics', () => {
  it('are those that the simulated organization has', () => {
    const simulated = fs.readFileSync(path.resolve(__dirname, '../../src/sandbox/metrics.rs'), 'utf8');
    const metrics = /\b(?:instance_server|kubernetes_cluster|load_balancer_lb|rdb_instance)_\w+/g;
    const asked = (dashboard: unknown) => [...new Set(JSON.stringify(dashboard).match(metrics))];
    Object.entries({ incident, ...PRODUCTS }).forEach(([name, dashboard]) => {
      expect(asked(dashboard)).not.toEqual([]);
      const unknown = asked(dashboard).filter((metric) => !simulated.includes(`"${metric}"`));
      expect([name, unknown]).toEqual([name, []]);
    });
  });
});

describe('descriptions', () => {
  it('are on every panel of the incident and of the products', () => {
    const described = panels.filter(({ name }) => !/^(access|activity)\//.test(name));
    const without = described.filter(({ type, description }) => type !== 'row' && !description);
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

describe('the project of an incident', () => {
  const { panels, variables } = dashboards.find(({ name }) => name === 'incident')!;

  it('is one of the events’ projects, which have names, and selects the metrics’ projects too', () => {
    const project = variables.find(({ name }) => name === 'project_id') as unknown as Record<string, unknown>;
    expect(project).toMatchObject({
      datasource: { type: 'scaleway-audittrail-datasource', uid: '${audit}' },
      query: { queryType: 'values', column: 'project' },
    });
    // All is every project that has metrics, those without events included.
    expect(project).toMatchObject({ includeAll: true, allValue: '.*', multi: false });
    expect(project).not.toHaveProperty('allowCustomValue', false);
    // Names are for people: queries take the value, which is the id.
    const asked = JSON.stringify([panels.map(({ targets }) => targets), variables]);
    expect(asked).toContain('project_id=~\\"$project_id\\"');
    expect(asked).toContain('"projects":["${project_id}"]');
    expect(asked).not.toMatch(/project_id[:.](text|__text)/);
  });
});

describe('layout', () => {
  it.each(dashboards.map(({ name, panels }) => [name, panels] as const))(
    'has no gap and no overlap in %s',
    (_, panels) => {
      const taken = new Set<string>();
      panels.forEach(({ title, gridPos: { x, y, w, h } }) => {
        for (let column = x; column < x + w; column++) {
          for (let row = y; row < y + h; row++) {
            expect([title, taken.has(`${column},${row}`)]).toEqual([title, false]);
            taken.add(`${column},${row}`);
          }
        }
      });
      const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
      expect(taken.size).toBe(24 * height);
    }
  );
});

describe('tiles', () => {
  it.each(dashboards.map(({ name, panels }) => [name, panels] as const))('are of one size in %s', (_, panels) => {
    const tiles = panels.filter(({ type }) => type === 'stat');
    expect(tiles.length).toBeGreaterThan(1);
    expect(new Set(tiles.map(({ gridPos: { w, h } }) => `${w} x ${h}`)).size).toBe(1);
    const rows = tiles.map(({ gridPos }) => tiles.filter((tile) => tile.gridPos.y === gridPos.y).length);
    expect(new Set(rows).size).toBe(1);
    // In a narrow tile fewer digits would be larger ones.
    const sizes = tiles.map(
      ({ gridPos: { w }, options }) => w < 8 && (options!.text as { valueSize: number })?.valueSize
    );
    expect(new Set(sizes)).toEqual(new Set([tiles[0].gridPos.w < 8 && expect.any(Number)]));
  });
});

describe('filters', () => {
  it('are above each dashboard, and annotations and panels of mixed data sources are refreshed when they change', () => {
    dashboards.forEach(({ annotations, panels, variables }) => {
      const bars = variables.filter(({ type }) => type === 'adhoc').map(({ name }) => `\${${name}}`);
      expect(bars).toHaveLength(1);
      const mixed = panels.filter(({ datasource }) => datasource?.uid === '-- Mixed --');
      const asked = [...mixed.flatMap(({ targets }) => targets ?? []), ...annotations.map(({ target }) => target!)];
      asked.filter(({ queryType }) => queryType).forEach(({ dependsOn }) => expect(dependsOn).toEqual(bars));
    });
    expect(dashboards.flatMap(({ annotations }) => annotations).length).toBeGreaterThan(0);
  });
});
