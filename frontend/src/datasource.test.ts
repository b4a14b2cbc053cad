import {
  CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  dateTime,
  type Field,
  SupplementaryQueryType,
} from '@grafana/data';
import { type DataSourceSrv, DataSourceWithBackend, setDataSourceSrv } from '@grafana/runtime';
import { lastValueFrom, Observable, of, Subject, throwError } from 'rxjs';

import { AuditDataSource } from './datasource';
import { setLanguage } from './language';
import type { AuditQuery } from './query';
import { fakeDataSource, fakeFrame, fakeRow } from './test/fakes';
import { asUser, inGrafana } from './test/user';

const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };

function request(...targets: AuditQuery[]): DataQueryRequest<AuditQuery> {
  return { range, targets, scopedVars: {} } as unknown as DataQueryRequest<AuditQuery>;
}

/** The queries that reach the backend. */
function sent(data: unknown[] = []) {
  return jest
    .spyOn(DataSourceWithBackend.prototype, 'query')
    .mockImplementation(() => of({ data } as DataQueryResponse));
}

afterEach(() => jest.restoreAllMocks());

describe('queries', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('hidden and empty ones are not sent', async () => {
    const backend = sent();
    const datasource = fakeDataSource();
    const targets: AuditQuery[] = [
      { refId: 'A' },
      { refId: 'B', queryType: 'events', hide: true },
      { refId: 'C', scope: {} },
    ];
    expect(targets.map((target) => datasource.filterQuery(target))).toEqual([false, false, true]);
    await lastValueFrom(datasource.query(request(...targets)));
    expect(backend.mock.calls[0][0].targets.map(({ refId }) => refId)).toEqual(['C']);
  });

  it('for annotations do not cancel each other, and those of a panel still do', async () => {
    const backend = sent();
    const datasource = fakeDataSource();
    for (const [requestId, text] of [
      ['AQ100', 'a'],
      ['AQ100', 'b'],
      ['SQR7', 'a'],
      ['SQR7', 'a'],
    ]) {
      await lastValueFrom(datasource.query({ ...request({ refId: 'A', scope: { text } }), requestId }));
    }
    const ids = backend.mock.calls.map(([{ requestId }]) => requestId);
    expect(new Set(ids).size).toBe(3);
    expect(ids.slice(2)).toEqual(['SQR7', 'SQR7']);
  });

  it('have the dashboard’s variables and filters', () => {
    const datasource = fakeDataSource({ who: ['a', 'b'] });
    const filters = [{ key: 'product', operator: '=', value: 'iam' }];
    const own = [{ key: 'region', operator: '=' as const, value: 'fr-par' }];
    const query = { refId: 'A', scope: { principals: ['$who'] }, filters: own };
    expect(datasource.applyTemplateVariables(query, {}, filters)).toEqual({
      refId: 'A',
      version: 1,
      scope: { principals: ['a', 'b'] },
      filters: [...own, ...filters],
    });
  });

  it('count on the clock of the dashboard, with and without expressions, and rules on theirs', async () => {
    const backend = sent();
    const datasource = fakeDataSource();
    const query: AuditQuery = { refId: 'A', version: 1, queryType: 'counts', scope: {} };
    const scene = { __sceneObject: { value: {}, text: '' } };
    const zones = (queries: AuditQuery[]) => queries.map(({ timezone }) => timezone);
    // Expressions.
    const asked = [query, { ...query, timezone: 'UTC' }, { ...query, timezone: '$__timezone' }];
    expect(zones(datasource.interpolateVariablesInQueries(asked, scene))).toEqual([
      'Europe/Paris',
      'UTC',
      'Europe/Paris',
    ]);
    expect(zones(datasource.interpolateVariablesInQueries([{ ...query, over: 'total' }], scene))).toEqual([undefined]);
    // All others: the request's zone precedes the macro's, for Explore has no scene.
    await lastValueFrom(datasource.query({ ...request(query), scopedVars: scene, timezone: 'Asia/Kolkata' }));
    await lastValueFrom(datasource.query({ ...request(query), app: CoreApp.Explore, timezone: 'utc' }));
    expect(
      backend.mock.calls.map(([{ targets, scopedVars }]) => datasource.applyTemplateVariables(targets[0], scopedVars))
    ).toEqual([expect.objectContaining({ timezone: 'Asia/Kolkata' }), expect.objectContaining({ timezone: 'UTC' })]);
    // A rule: Grafana's own variables only.
    const interval = { __interval: { value: '1m', text: '1m' }, __interval_ms: { value: 60_000, text: '60000' } };
    expect(
      zones(datasource.interpolateVariablesInQueries([query, { ...query, timezone: 'Asia/Tokyo' }], interval))
    ).toEqual([undefined, 'Asia/Tokyo']);
  });

  it('for the preview of an annotation come back without markup, from the same answer', async () => {
    const title = 'alice DeleteServer &lt;b&gt;';
    const text = 'from 203.0.113.7<br>in fr-par<details><summary>Details</summary>r-1 &amp; r-2</details>';
    const backend = sent([fakeFrame('annotations', { time: [1], title: [title], text: [text], id: ['e-1'] })]);
    const datasource = fakeDataSource();
    const asked = { ...request({ refId: 'A', queryType: 'annotations', scope: {} }), requestId: 'AQ100' };
    const annotation = { __annotation: { value: {}, text: '' } };
    const shown = async (scopedVars: DataQueryRequest['scopedVars']) => {
      const { data } = await lastValueFrom(datasource.query({ ...asked, scopedVars }));
      return ['title', 'text'].map((name) => data[0].fields.find((field: Field) => field.name === name).values[0]);
    };
    const dashboard = await shown({ ...annotation, __sceneObject: { value: {}, text: '' } });
    expect(dashboard[0]).toMatch(/^<b[ >].*alice DeleteServer &lt;b&gt;<\/b>$/);
    expect(dashboard[1]).toContain('<a href=');
    expect(await shown(annotation)).toEqual([
      'alice DeleteServer <b>',
      'from 203.0.113.7\nin fr-par\nDetails\nr-1 & r-2',
    ]);
    expect(backend).toHaveBeenCalledTimes(1);
  });

  it('are sent in the language that Grafana shows, and are neither stored nor linked in it', async () => {
    const languages = async (requestId?: string) => {
      const backend = sent();
      const asked = { ...request({ refId: 'A', scope: {} }, { refId: 'B', scope: {}, language: 'en-US' }), requestId };
      await lastValueFrom(fakeDataSource().query(asked as DataQueryRequest<AuditQuery>));
      const [{ targets }] = backend.mock.calls[backend.mock.calls.length - 1];
      return targets.map((target: AuditQuery) => target.language);
    };
    expect(await languages()).toEqual([undefined, 'en-US']);
    setLanguage('fr-FR');
    try {
      expect(await languages()).toEqual(['fr-FR', 'en-US']);
      expect(await languages('AQ1')).toEqual(['fr-FR', 'en-US']);
      const query = { refId: 'A', queryType: 'annotations', scope: {} } as const;
      expect(fakeDataSource().interpolateVariablesInQueries([query], {})[0]).not.toHaveProperty('language');
      sent([fakeFrame('annotations', { time: [1], text: [''], id: ['e-1'] })]);
      const answer = await lastValueFrom(fakeDataSource().query(request(query)));
      expect(JSON.stringify(answer.data)).not.toContain('fr-FR');
    } finally {
      setLanguage(undefined);
    }
  });

  it('report whether they have a variable', () => {
    const datasource = fakeDataSource();
    expect(datasource.targetContainsTemplate({ refId: 'A', scope: { principals: ['$who'] } })).toBe(true);
    expect(datasource.targetContainsTemplate({ refId: 'A', scope: { principals: ['who'] } })).toBe(false);
    expect(datasource.targetContainsTemplate({ refId: 'A', dependsOn: ['${who}'] })).toBe(false);
  });

  it('for annotations come back with links, over a panel and in a dashboard', async () => {
    for (const overlay of [true, false]) {
      sent([fakeFrame('annotations', { time: [1], text: [''], id: ['e-1'] })]);
      const asked = request({ refId: 'A', queryType: 'annotations', overlay, scope: { principals: ['$who'] } });
      const { data } = await lastValueFrom(fakeDataSource({ who: ['a', 'b'] }).query(asked));
      const [text] = data[0].fields.find((field: Field) => field.name === 'text').values;
      expect(text).toContain('>Event details</a>');
      const [, href] = /href="([^"]*)"/.exec(text) ?? [];
      expect(decodeURIComponent(href)).toContain('"principals":["a","b"]');
      expect(decodeURIComponent(href)).toContain('"datasource":"audit"');
    }
  });
});

describe('errors', () => {
  it('name a field as the editor does', async () => {
    const error = { refId: 'A', message: 'scope.methods is 5. Allowed: a list of texts' };
    jest
      .spyOn(DataSourceWithBackend.prototype, 'query')
      .mockReturnValue(of({ data: [], error, errors: [error, { refId: 'B' }] }));
    const answer = await lastValueFrom(fakeDataSource().query(request({ refId: 'A', scope: {} })));
    const message = '“Methods” (scope.methods) is 5. Allowed: a list of texts';
    expect(answer.error).toEqual({ refId: 'A', message });
    expect(answer.errors).toEqual([{ refId: 'A', message }, { refId: 'B' }]);
  });
});

describe('annotations', () => {
  const anno = (more: Partial<AuditQuery> = {}, moment = 1000) => ({
    ...request({ refId: 'Anno', queryType: 'annotations', ...more }),
    range: { ...range, from: dateTime(moment) },
    requestId: 'AQ100',
  });

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are requested once by the settings of an annotation', async () => {
    const answers = [new Subject<DataQueryResponse>(), new Subject<DataQueryResponse>()];
    const backend = jest
      .spyOn(DataSourceWithBackend.prototype, 'query')
      .mockImplementation(() => answers[backend.mock.calls.length - 1]);
    const datasource = fakeDataSource({ who: 'ann' });
    // The dashboard sends a query when the data source is chosen.
    const dashboard = lastValueFrom(datasource.query(anno({ scope: { principals: ['$who'] } })));
    // Grafana's editor sends one when it is shown, and so does ours.
    const editor = [1, 2].map(() => lastValueFrom(datasource.query(anno({ scope: { principals: ['ann'] } }))));
    answers[0].next({ data: [fakeFrame('annotations', { time: [1] })] });
    answers[0].complete();
    const responses = await Promise.all([dashboard, ...editor]);
    // Here the editor is only now loaded.
    responses.push(await lastValueFrom(datasource.query(anno({ scope: { principals: ['ann'] } }))));
    expect(backend).toHaveBeenCalledTimes(1);
    expect(responses.map(({ data }) => data[0].fields[0].values)).toEqual([[1], [1], [1], [1]]);
    // Each subscriber has frames of its own, which it may change.
    expect(new Set(responses.map(({ data }) => data[0])).size).toBe(4);
  });

  it('are requested again for another question, range or time', async () => {
    const backend = sent([fakeFrame('annotations', { time: [1] })]);
    const datasource = fakeDataSource();
    const ask = (...asked: Parameters<typeof anno>) => lastValueFrom(datasource.query(anno(...asked)));
    await ask();
    await ask({ scope: { text: 'x' } });
    await ask({}, 1001);
    expect(backend).toHaveBeenCalledTimes(3);
    jest.advanceTimersByTime(1999);
    await ask();
    expect(backend).toHaveBeenCalledTimes(3);
    jest.advanceTimersByTime(1);
    await ask();
    expect(backend).toHaveBeenCalledTimes(4);
  });

  it('are requested again after an error', async () => {
    const failed = { data: [], errors: [{ message: 'no' }] };
    const backend = jest.spyOn(DataSourceWithBackend.prototype, 'query').mockImplementation(() => of(failed));
    const datasource = fakeDataSource();
    await lastValueFrom(datasource.query(anno()));
    await lastValueFrom(datasource.query(anno()));
    backend.mockImplementation(() => throwError(() => new Error('gone')));
    await expect(lastValueFrom(datasource.query(anno()))).rejects.toThrow('gone');
    await expect(lastValueFrom(datasource.query(anno()))).rejects.toThrow('gone');
    expect(backend).toHaveBeenCalledTimes(4);
  });

  it('without a subscriber are cancelled', () => {
    const cancelled = jest.fn();
    jest.spyOn(DataSourceWithBackend.prototype, 'query').mockImplementation(() => new Observable(() => cancelled));
    const datasource = fakeDataSource();
    const [one, other] = [datasource.query(anno()).subscribe(), datasource.query(anno()).subscribe()];
    one.unsubscribe();
    expect(cancelled).not.toHaveBeenCalled();
    other.unsubscribe();
    expect(cancelled).toHaveBeenCalledTimes(1);
  });

  describe('of Grafana 13.1', () => {
    inGrafana('13.1.0');

    it('are clustered there', async () => {
      const backend = sent();
      await lastValueFrom(fakeDataSource().query(request({ refId: 'A', queryType: 'annotations' })));
      expect(backend.mock.calls[0][0].targets[0]).toMatchObject({ cluster: 'overflow', cap: 1000 });
    });
  });

  it('have no buttons to edit and delete', async () => {
    sent([fakeFrame('annotations', { time: [1, 2], id: ['e-1', 'e-2'] })]);
    const { data } = await lastValueFrom(fakeDataSource().query(request({ refId: 'A', queryType: 'annotations' })));
    expect(data[0].fields.find((field: Field) => field.name === 'id').values).toEqual([0, 0]);
  });
});

describe('Explore', () => {
  it('has a volume for log lines', () => {
    const datasource = fakeDataSource();
    const asked = datasource.getSupplementaryRequest(
      SupplementaryQueryType.LogsVolume,
      request({ refId: 'A', queryType: 'events' }, { refId: 'B', queryType: 'counts' })
    );
    expect(asked?.targets.map(({ refId }) => refId)).toEqual(['log-volume-A']);
    expect(datasource.getSupplementaryRequest(SupplementaryQueryType.LogsSample, request())).toBeUndefined();
  });

  it('shows a line’s context', async () => {
    const datasource = fakeDataSource();
    await datasource.getLogRowContext(fakeRow({ resource_id: 'r-1' }), { limit: 7 });
    expect(datasource.ask).toHaveBeenCalledWith(
      expect.objectContaining({ scope: { resourceIds: ['r-1'] }, limit: 7, order: 'newest' }),
      expect.anything(),
      undefined
    );
    expect(await datasource.getLogRowContext(fakeRow({}))).toEqual({ data: [] });
  });
});

describe('ad-hoc filters', () => {
  it('offer events that lack the column', async () => {
    const datasource = fakeDataSource();
    jest.mocked(datasource.ask).mockResolvedValue([fakeFrame('values', { text: ['(none)', 'otp', ''] })]);
    expect(await datasource.getTagValues({ key: 'mfa', filters: [] })).toEqual([
      { text: '(none)', value: '(none)' },
      { text: 'otp', value: 'otp' },
    ]);
  });

  it('offer the values that the other filters allow', async () => {
    const datasource = fakeDataSource();
    jest.mocked(datasource.ask).mockResolvedValue([fakeFrame('values', { text: ['iam', 'iam', 'vpc'] })]);
    const filters = [
      { key: 'product', operator: '=', value: 'rdb' },
      { key: 'region', operator: '=', value: 'fr-par' },
    ];
    expect(await datasource.getTagValues({ key: 'product', filters })).toEqual([
      { text: 'iam', value: 'iam' },
      { text: 'vpc', value: 'vpc' },
    ]);
    const [query] = jest.mocked(datasource.ask).mock.calls[0];
    expect(query).toMatchObject({ queryType: 'values', column: 'product', withNone: true, filters: [filters[1]] });
    expect((await datasource.getTagKeys()).map(({ text }) => text)).toContain('principal');
  });
});

describe('filter bars', () => {
  const [iam, paris, denied] = [
    { key: 'product', operator: '=', value: 'iam' },
    { key: 'region', operator: '=', value: 'fr-par' },
    { key: 'status_class', operator: '=', value: 'denied' },
  ];
  const bar = (datasource: unknown, ...filters: unknown[]) => ({ type: 'adhoc', value: '', datasource, filters });
  const ds = (value: unknown) => ({ type: 'datasource', value });
  const query = { refId: 'A', queryType: 'counts' as const };

  /** The queries of a dashboard's request that reach the backend. */
  async function asked(datasource: AuditDataSource, more: Partial<DataQueryRequest<AuditQuery>> = {}) {
    const backend = sent();
    await lastValueFrom(datasource.query({ ...request(query), app: CoreApp.Dashboard, ...more }));
    const [{ filters, targets, scopedVars }] = backend.mock.calls[backend.mock.calls.length - 1];
    // As Grafana's own `query` goes on.
    return targets.map((target: AuditQuery) => datasource.applyTemplateVariables(target, scopedVars, filters));
  }

  it.each([
    ['by its uid', { uid: 'audit' }, {}],
    ['by its name', { uid: 'Audit' }, {}],
    ['by its name, as old dashboards write it', 'Audit', {}],
    ['by a variable', { uid: '${ds}' }, { ds: ds('audit') }],
    ['by a variable, plainly', { uid: '$ds' }, { ds: ds('audit') }],
    ['by a variable, as in old dashboards', '[[ds]]', { ds: ds('Audit') }],
    ['by a variable with several values', { uid: '${ds}' }, { ds: ds(['other', 'audit']) }],
    ['by a variable that is the default', { uid: '${ds}' }, { ds: ds('default') }],
    ['as the default', { uid: 'default' }, {}],
    ['as the default, by nothing', null, {}],
    ['as the default, by an empty reference', {}, {}],
    ['as the default of its type', { type: 'scaleway-audittrail-datasource' }, {}],
  ])('that name the data source %s are applied where Grafana hands over none', async (_, datasource, variables) => {
    const filtered = fakeDataSource({ ...variables, Filters: bar(datasource, iam) });
    for (const more of [{ panelId: 1 }, { requestId: 'AQ100' }, { app: CoreApp.PanelEditor }, { app: 'scenes' }]) {
      expect((await asked(filtered, more))[0].filters).toEqual([iam]);
    }
  });

  it.each([
    ['another uid', { uid: 'loki' }, {}],
    ['a variable that is another', { uid: '${ds}' }, { ds: ds('loki') }],
    ['a variable that does not exist', { uid: '${ds}' }, {}],
    ['nothing, where another is the default', null, {}],
    ['the default of another type', { type: 'loki' }, {}],
  ])('that name %s are not', async (_, datasource, variables) => {
    const other = fakeDataSource({ ...variables, Filters: bar(datasource, iam) });
    setDataSourceSrv({ getInstanceSettings: () => ({ uid: 'loki' }) } as unknown as DataSourceSrv);
    expect((await asked(other))[0].filters).toBeUndefined();
  });

  it('follow a panel that is repeated for each data source', async () => {
    const datasource = fakeDataSource({ ds: ds(['other', 'audit']), Filters: bar({ uid: '${ds}' }, iam) });
    const scopedVars = (uid: string) => ({ ds: { text: uid, value: uid } });
    expect((await asked(datasource, { scopedVars: scopedVars('audit') }))[0].filters).toEqual([iam]);
    expect((await asked(datasource, { scopedVars: scopedVars('other') }))[0].filters).toBeUndefined();
  });

  it('are applied once, all of them, with the filters that come with the dashboard', async () => {
    const datasource = fakeDataSource({
      ds: ds('audit'),
      Filters: bar({ uid: '${ds}' }, iam, { key: 'method', operator: '=', value: '' }),
      More: { ...bar({ uid: 'audit' }, paris, iam), originFilters: [{ ...denied, origin: 'dashboard' }] },
      Other: bar({ uid: 'loki' }, { key: 'app', operator: '=', value: 'x' }),
    });
    expect((await asked(datasource, { filters: [iam] }))[0].filters).toEqual([iam, denied, paris]);
    expect((await asked(datasource))[0].filters).toEqual([iam, denied, paris]);
  });

  it('replace variables in their values', async () => {
    const who = { key: 'principal', operator: '=', value: '$who' };
    const empty = { key: 'method', operator: '=', value: '$none' };
    const all = { key: 'product', operator: '=', value: '$__all' };
    const datasource = fakeDataSource({ who: ['a', 'b'], none: '', Filters: bar({ uid: 'audit' }, who, empty, all) });
    const [{ filters, emptyVariables }] = await asked(datasource);
    expect(filters).toEqual([{ key: 'principal', operator: '=|', value: 'a', values: ['a', 'b'] }]);
    expect(emptyVariables).toEqual(['none']);
  });

  it('of chosen scopes are applied where there is a filter bar', async () => {
    const scope = (...filters: unknown[]) => ({ metadata: { name: 's' }, spec: { title: 's', filters } });
    const scopes = [
      scope(
        { key: 'product', operator: 'equals', value: 'iam' },
        { key: 'region', operator: 'not-equals', value: 'x' }
      ),
      scope({ key: 'product', operator: 'one-of', value: 'vpc', values: ['vpc', 'lb'] }),
      scope({ key: 'method', operator: 'regex-match', value: 'Create.*' }),
      scope(
        { key: 'method', operator: 'regex-match', value: 'Delete.*' },
        { key: 'method', operator: 'regex-not-match', value: 'X' }
      ),
    ] as unknown as DataQueryRequest['scopes'];
    const datasource = fakeDataSource({ Filters: bar({ uid: 'audit' }, paris) });
    expect((await asked(datasource, { scopes }))[0].filters).toEqual([
      { key: 'product', operator: '=|', value: 'iam', values: ['iam', 'vpc', 'lb'] },
      { key: 'region', operator: '!=|', value: 'x', values: ['x'] },
      { key: 'method', operator: '=~', value: 'Create.*|Delete.*' },
      { key: 'method', operator: '!~', value: 'X' },
      paris,
    ]);
    // Grafana has put them among its own.
    expect((await asked(datasource, { scopes, filters: [iam] }))[0].filters).toEqual([iam, paris]);
  });

  it('group counts by further columns', async () => {
    const datasource = fakeDataSource({
      by: { type: 'groupby', value: ['country', 'method'], datasource: { uid: 'audit' } },
      other: { type: 'groupby', value: ['app'], datasource: { uid: 'loki' } },
      nothing: { type: 'groupby', value: '', datasource: { uid: 'audit' } },
      Filters: bar({ uid: 'audit' }, { key: 'region', operator: 'groupBy', value: '' }),
    });
    const targets: AuditQuery[] = [
      query,
      { ...query, refId: 'B', groupBy: ['method'] },
      { refId: 'C', queryType: 'events' },
    ];
    const [plain, grouped, events] = await asked(datasource, { targets, groupByKeys: ['product', 'country'] });
    expect(plain.groupBy).toEqual(['product', 'country', 'method', 'region']);
    expect(grouped.groupBy).toEqual(['method', 'product', 'country', 'region']);
    expect([events.groupBy, events.filters]).toEqual([undefined, undefined]);
    const [expression] = datasource.interpolateVariablesInQueries([query], {});
    expect(expression.groupBy).toEqual(['country', 'method', 'region']);
  });

  it('are applied to queries of expressions and in Explore', () => {
    const datasource = fakeDataSource({ ds: ds('audit'), Filters: bar({ uid: '${ds}' }, iam) });
    expect(datasource.interpolateVariablesInQueries([query], {}, [iam, paris])[0].filters).toEqual([iam, paris]);
    expect(datasource.interpolateVariablesInQueries([query], {})[0].filters).toEqual([iam]);
  });

  it('are not applied after the dashboard is left, nor to the data source’s own queries', async () => {
    const datasource = fakeDataSource({ Filters: bar({ uid: 'audit' }, iam) });
    for (const app of [CoreApp.Explore, CoreApp.UnifiedAlerting, CoreApp.CloudAlerting, CoreApp.Correlations]) {
      expect((await asked(datasource, { app }))[0].filters).toBeUndefined();
    }
    const backend = sent();
    await lastValueFrom(datasource.variables.query({ ...request({ refId: 'A' }), app: CoreApp.Dashboard }));
    expect(backend.mock.lastCall?.[0].filters).toBeUndefined();
  });

  it('can be named by a query, so that Grafana runs it again when they change', async () => {
    const datasource = fakeDataSource({ Filters: bar({ uid: 'audit' }, iam) });
    const dependent = datasource.dependent(query, CoreApp.PanelEditor);
    expect(dependent).toEqual({ ...query, dependsOn: ['${Filters}'] });
    expect(datasource.dependent(dependent, CoreApp.UnifiedAlerting)).toEqual(query);
    const [plain] = await asked(datasource, { targets: [dependent] });
    expect(plain).toEqual({ ...query, version: 1, filters: [iam], timezone: 'UTC' });
  });
});

describe('answers in Explore', () => {
  it.each([
    ['investigate', CoreApp.Explore, 'Source address'],
    ['investigate', CoreApp.Dashboard, undefined],
    ['detections', CoreApp.Explore, 'Source address'],
    ['events', CoreApp.Explore, 'Source address'],
    ['events', CoreApp.PanelEditor, undefined],
  ] as const)('to %s in %s have the heading %s', async (queryType, app, heading) => {
    const datasource = fakeDataSource();
    sent([fakeFrame('events', { source_ip: ['192.0.2.66'] })]);
    const query: AuditQuery = { refId: 'A', queryType, format: 'table' };
    const { data } = await lastValueFrom(datasource.query({ ...request(query), app }));
    const [field] = data[0].fields;
    expect([field.name, field.config.displayName]).toEqual(['source_ip', heading]);
  });

  it('have annotations without markup', async () => {
    const datasource = fakeDataSource();
    const fields = { time: [1], title: ['a &lt;b&gt;'], text: ['from<br/>192.0.2.66'], id: ['1'] };
    sent([fakeFrame('annotations', fields)]);
    const query: AuditQuery = { refId: 'A', queryType: 'annotations' };
    const { data } = await lastValueFrom(datasource.query({ ...request(query), app: CoreApp.Explore }));
    const shown = data[0].fields.map(({ config, values }: Field) => [config.displayName, values[0]]);
    expect(shown).toContainEqual(['Title', 'a <b>']);
    expect(JSON.stringify(shown)).not.toContain('<br');
  });
});

describe('Save & test', () => {
  const regions = [
    { region: 'fr-par', eventsLastHour: 3, complete: true, error: null },
    { region: 'nl-ams', eventsLastHour: 0, complete: false, error: 'timed out' },
  ];

  function health(status: string, details: object, message = 'A region does not answer'): AuditDataSource {
    const datasource = fakeDataSource();
    datasource.callHealthCheck = async () => ({ status, message, details }) as never;
    return datasource;
  }

  it('shows each region', async () => {
    const answer = await health('OK', { regions: regions.slice(0, 1), principals: 4 }).testDatasource();
    expect(answer.status).toBe('success');
    expect(answer.details?.message).toBe('fr-par: answers, 3 events in the last hour · Principals known by name: 4');
  });

  it('names a setting as its form does', async () => {
    const message = 'setting organizationId is "acme". Allowed: a UUID';
    await expect(health('ERROR', {}, message).testDatasource()).rejects.toMatchObject({
      message: 'setting “Organization ID” is "acme". Allowed: a UUID',
    });
  });

  it('shows what is wrong with rules and settings, although the trail answers', async () => {
    const notes = [
      'Others cannot: detectionRules, line 3: the condition names no selection.',
      'cockpitToken has no effect, since cockpitUrls is empty.',
    ];
    const answer = await health('OK', { regions: [], principals: 4, notes }).testDatasource();
    expect(answer.details?.message).toBe(
      'Principals known by name: 4 · Others cannot: “Own rules”, line 3: the condition names no selection.' +
        ' · “Cockpit token” has no effect, since “Metrics URLs” is empty.'
    );
  });

  it('shows a region that does not exist', async () => {
    const absent = { region: 'it-mil', eventsLastHour: null, complete: true, absent: true, error: null };
    const answer = await health('OK', { regions: [absent], principals: 4 }).testDatasource();
    expect(answer.details?.message).toMatch(/^it-mil: does not exist for this organization/);
  });

  it('shows the error', async () => {
    const failed = health('ERROR', { regions, principals: null }).testDatasource();
    await expect(failed).rejects.toMatchObject({
      message: 'A region does not answer',
      error: { details: { message: expect.stringContaining('nl-ams: timed out') } },
    });
  });

  it('shows a note of an error once', async () => {
    const notes = ['cockpitToken has no effect, since cockpitUrls is empty.'];
    const message = `Cockpit does not answer. ${notes[0]}`;
    const failed = health('ERROR', { regions: [], principals: 4, notes }, message).testDatasource();
    await expect(failed).rejects.toMatchObject({
      message: 'Cockpit does not answer. “Cockpit token” has no effect, since “Metrics URLs” is empty.',
      error: { details: { message: 'Principals known by name: 4' } },
    });
  });
});
