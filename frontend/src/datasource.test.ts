import {
  type DataQueryRequest,
  type DataQueryResponse,
  DataTopic,
  dateTime,
  type Field,
  SupplementaryQueryType,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv } from '@grafana/runtime';
import { lastValueFrom, of } from 'rxjs';

import { AuditDataSource } from './datasource';
import type { AuditQuery } from './query';
import { fakeDataSource, fakeFrame, fakeRow } from './test/fakes';

const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };

function request(...targets: AuditQuery[]): DataQueryRequest<AuditQuery> {
  return { range, targets, scopedVars: {} } as unknown as DataQueryRequest<AuditQuery>;
}

/** What reaches the backend. */
function sent(data: unknown[] = []) {
  return jest
    .spyOn(DataSourceWithBackend.prototype, 'query')
    .mockImplementation(() => of({ data } as DataQueryResponse));
}

afterEach(() => jest.restoreAllMocks());

describe('queries', () => {
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
    for (const requestId of ['AQ100', 'AQ100', 'SQR7', 'SQR7']) {
      await lastValueFrom(datasource.query({ ...request({ refId: 'A', scope: {} }), requestId }));
    }
    const ids = backend.mock.calls.map(([{ requestId }]) => requestId);
    expect(new Set(ids).size).toBe(3);
    expect(ids.slice(2)).toEqual(['SQR7', 'SQR7']);
  });

  it('carry the dashboard’s variables and filters', () => {
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

  it('carry the filters in a panel of mixed data sources too', async () => {
    const backend = sent();
    const filters = [{ key: 'product', operator: '=', value: 'iam' }];
    const datasource = fakeDataSource();
    Object.assign(getTemplateSrv(), { getAdhocFilters: () => filters });
    const query = { refId: 'A', queryType: 'annotations' as const, overlay: true };
    await lastValueFrom(datasource.query({ ...request(query), panelId: 1 }));
    await lastValueFrom(datasource.query(request(query)));
    expect(backend.mock.calls.map(([asked]) => asked.filters)).toEqual([filters, undefined]);
  });

  it('tell Grafana whether they hold a variable', () => {
    const datasource = fakeDataSource();
    expect(datasource.targetContainsTemplate({ refId: 'A', scope: { principals: ['$who'] } })).toBe(true);
    expect(datasource.targetContainsTemplate({ refId: 'A', scope: { principals: ['who'] } })).toBe(false);
  });

  it('that overlay a panel come back with links', async () => {
    const marks = fakeFrame('annotations', { time: [1], id: ['e-1'] });
    sent([{ ...marks, meta: { dataTopic: DataTopic.Annotations } }]);
    const overlaid = request({ refId: 'A', queryType: 'annotations', overlay: true });
    const { data } = await lastValueFrom(fakeDataSource().query(overlaid));
    const details = data[0].fields.find((field: Field) => field.name === 'details');
    expect(details.config.links[0].title).toBe('Event details');
  });
});

describe('annotations', () => {
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
  it('offer what the other filters leave', async () => {
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
    expect(query).toMatchObject({ queryType: 'values', column: 'product', filters: [filters[1]] });
    expect((await datasource.getTagKeys()).map(({ text }) => text)).toContain('principal');
  });
});

describe('Save & test', () => {
  const regions = [
    { region: 'fr-par', eventsLastHour: 3, complete: true, error: null },
    { region: 'nl-ams', eventsLastHour: 0, complete: false, error: 'timed out' },
  ];

  function health(status: string, details: object): AuditDataSource {
    const datasource = fakeDataSource();
    datasource.callHealthCheck = async () => ({ status, message: 'A region does not answer', details }) as never;
    return datasource;
  }

  it('shows each region', async () => {
    const answer = await health('OK', { regions: regions.slice(0, 1), principals: 4 }).testDatasource();
    expect(answer.status).toBe('success');
    expect(answer.details?.message).toBe('fr-par: answers, 3 events in the last hour · Principals known by name: 4');
  });

  it('shows what is wrong', async () => {
    const failed = health('ERROR', { regions, principals: null }).testDatasource();
    await expect(failed).rejects.toMatchObject({
      message: 'A region does not answer',
      error: { details: { message: expect.stringContaining('nl-ams: timed out') } },
    });
  });
});
