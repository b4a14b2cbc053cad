import fs from 'fs';
import path from 'path';

import { annotationQuery, type AuditQuery, understood, variableQuery, VERSION } from './query';
import { migratedSettings, listOf } from './settings';

/** What Grafana has stored with version 1 of the query model; the backend's tests read the same files. */
function stored(name: string) {
  return JSON.parse(fs.readFileSync(path.join(__dirname, '../../tests/data/stored/v1', name), 'utf8'));
}

const TYPE = 'scaleway-audittrail-datasource';

interface Queries {
  annotations: AuditQuery[];
  variables: AuditQuery[];
  panels: AuditQuery[];
}

/** The queries of a dashboard as Grafana 12 stores it. */
function ofVersion1({ annotations, templating, panels }: ReturnType<typeof stored>): Queries {
  const isOurs = ({ datasource }: { datasource?: { type: string } }) => datasource?.type === TYPE;
  return {
    annotations: annotations.list.filter(isOurs).map(({ target }: { target: AuditQuery }) => target),
    variables: templating.list
      .filter((variable: { type: string }) => variable.type === 'query' && isOurs(variable as object))
      .map(({ query }: { query: AuditQuery }) => query),
    panels: panels.flatMap(({ targets }: { targets: AuditQuery[] }) => targets.filter(isOurs as never)),
  };
}

interface Kind {
  kind: string;
  spec: { query: { group: string; spec: AuditQuery }; refId?: string; data?: { spec: { queries: Kind[] } } };
}

/** The queries of a dashboard as Grafana 13 stores it, in version 2 of its dashboards. */
function ofVersion2({ spec }: ReturnType<typeof stored>): Queries {
  const ours = (kinds: Kind[]) =>
    kinds
      .filter(({ spec }) => spec.query?.group === TYPE)
      .map(({ spec: { query, refId } }) => ({ ...query.spec, refId: refId ?? query.spec.refId }));
  const elements: Kind[] = Object.values(spec.elements);
  return {
    annotations: ours(spec.annotations),
    variables: ours(spec.variables),
    panels: elements.flatMap(({ spec }) => ours(spec.data?.spec.queries ?? [])),
  };
}

const DASHBOARDS = {
  'Grafana 12': () => ofVersion1(stored('dashboard.grafana-12.json')),
  'Grafana 13': () => ofVersion2(stored('dashboard.grafana-13.json')),
};

describe('stored queries', () => {
  it('of every question do not change', () => {
    const queries: Record<string, AuditQuery> = stored('queries.json');
    expect(Object.keys(queries).sort()).toEqual([
      'annotations',
      'counts',
      'detections',
      'events',
      'investigate',
      'values',
      'volume',
    ]);
    Object.values(queries).forEach((query) => {
      expect(query.version).toBe(VERSION);
      expect(understood(query)).toEqual(query);
    });
    expect(variableQuery(queries.values)).toEqual(queries.values);
    // An annotation of a dashboard is no overlay of a panel.
    const { overlay, ...annotation } = queries.annotations;
    expect([overlay, annotationQuery(queries.annotations)]).toEqual([false, annotation]);
  });

  it.each(Object.entries(DASHBOARDS))('of dashboards of %s do not change', (_, read) => {
    const { annotations, variables, panels } = read();
    expect([annotations.length, variables.length, panels.length]).toEqual([1, 1, 5]);
    expect(annotations.map(annotationQuery)).toEqual(annotations);
    expect(variables.map(variableQuery)).toEqual(variables);
    // A query without a question asks for events.
    expect(panels.map((query) => understood(query))).toEqual(
      panels.map((query) => ({ ...query, queryType: query.queryType ?? 'events' }))
    );
  });

  it('of an alert rule do not change', () => {
    const { model } = stored('rule.json').data[0];
    expect(understood(model)).toEqual(model);
  });
});

describe('stored settings', () => {
  const { withHeldFolder, ...others } = stored('datasources.json');

  it('have today’s names', () => {
    const { heldFolder, ...settings } = withHeldFolder.jsonData;
    expect(migratedSettings(withHeldFolder.jsonData)).toEqual({ ...settings, cacheDirectory: heldFolder });
    Object.values<{ jsonData: object }>(others).forEach(({ jsonData }) =>
      expect(migratedSettings(jsonData)).toEqual(jsonData)
    );
  });

  it('have the regions that they name', () => {
    expect(listOf(others.provisionedAsText.jsonData.regions)).toEqual(['nl-ams', 'fr-par']);
    expect(listOf(others.withoutRegions.jsonData.regions)).toEqual([]);
  });
});
