import { type DataFrame, type DataLink, FieldType, type InterpolateFunction } from '@grafana/data';

import { metricsVariable, withMetricLinks } from './metricLinks';
import { fakeFrame } from './test/fakes';
import { asUser } from './test/user';

const SERVER = 'a0000000-0000-4000-8000-000000000001';
const OTHER = 'a0000000-0000-4000-8000-000000000002';
const KEY = 'SCW00000000000000000';

const metrics = { uid: 'cockpit', range: { from: 'now-6h', to: 'now' } };

function table(): DataFrame {
  return fakeFrame('events', {
    time: [1, 2, 3],
    resource_type: ['instance_server', 'iam_api_key', 'instance_server'],
    resource_id: [SERVER, KEY, OTHER],
    resource_name: ['web-3', null, 'web-3'],
  });
}

function logs(): DataFrame {
  const frame = fakeFrame('events', {
    timestamp: [1, 2],
    labels: [{ resource_type: 'instance_server', resource_id: SERVER }, { kind: 'authentication' }],
    request_body: [{}, null],
  });
  return { ...frame, meta: { type: 'log-lines' as never } };
}

/** The address that the link of a column has for a value. */
function address(frame: DataFrame, column: string, value: unknown): string | undefined {
  const [link] = (frame.fields.find(({ name }) => name === column)!.config.links ?? []) as DataLink[];
  const replaceVariables: InterpolateFunction = (text) => (text === '${__value.raw}' ? String(value) : text);
  return link?.onBuildUrl?.({ origin: undefined, replaceVariables }) as unknown as string | undefined;
}

function explored(url: string | undefined) {
  const { pathname, searchParams } = new URL(url ?? '', 'http://localhost');
  return { pathname, ...JSON.parse(searchParams.get('panes')!).metrics };
}

describe('links to metrics', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('lead from a table’s resource to Explore, with its metrics and the range of the events', () => {
    const { pathname, datasource, queries, range } = explored(
      address(withMetricLinks(table(), metrics), 'resource_id', SERVER)
    );
    expect({ pathname, datasource, range }).toEqual({
      pathname: '/explore',
      datasource: 'cockpit',
      range: metrics.range,
    });
    expect(queries).toEqual([
      expect.objectContaining({
        datasource: { type: 'prometheus', uid: 'cockpit' },
        expr: expect.stringContaining(`instance_server_vcpu_count{resource_id="${SERVER}"}`),
      }),
    ]);
  });

  it('are left out for a resource without metrics, and for a name of two resources', () => {
    const frame = withMetricLinks(table(), metrics);
    expect(address(frame, 'resource_id', KEY)).toBe('');
    expect(address(frame, 'resource_name', 'web-3')).toBe('');
    const one = table();
    one.fields[3] = { ...one.fields[3], values: ['web-3', null, 'web-4'] };
    expect(address(withMetricLinks(one, metrics), 'resource_name', 'web-3')).toContain(SERVER);
  });

  it('leave other columns and the links of the backend as they are', () => {
    const before = table();
    before.fields[2].config = { links: [{ title: 'Console', url: 'https://console.scaleway.com/' }] };
    const { fields } = withMetricLinks(before, metrics);
    expect(fields.filter(({ config }) => config.links).map(({ name }) => name)).toEqual([
      'resource_id',
      'resource_name',
    ]);
    expect(fields[2].config.links!.map(({ title }) => title)).toEqual(['Console', 'Metrics of the resource']);
    expect(before.fields[2].config.links).toHaveLength(1);
  });

  it('are a field of log lines, which only lines about such a resource have', () => {
    const frame = withMetricLinks(logs(), metrics);
    const field = frame.fields.find(({ name }) => name === 'metrics')!;
    expect(field).toMatchObject({ type: FieldType.string, values: [expect.stringContaining(SERVER), null] });
    expect(explored(address(frame, 'metrics', field.values[0])).datasource).toBe('cockpit');
  });

  it('need a data source of metrics', () => {
    const frame = table();
    expect(withMetricLinks(frame, undefined)).toBe(frame);
  });

  it('are of frames with resources only', () => {
    const frame = fakeFrame('counts', { time: [1], value: [2] });
    expect(withMetricLinks(frame, metrics)).toBe(frame);
  });
});

describe('without access to Explore', () => {
  asUser({ permissions: { 'datasources:explore': true } }, { exploreEnabled: false });

  it('no link leads to metrics', () => {
    const frame = table();
    expect(withMetricLinks(frame, metrics)).toBe(frame);
  });
});

describe('the data source of metrics', () => {
  const variable = (name: string, query: string) => ({ type: 'datasource', name, query }) as never;

  it('is that of the dashboard’s variable for a Prometheus', () => {
    expect(metricsVariable([variable('audit', 'scaleway-audittrail-datasource'), variable('m', 'prometheus')])).toBe(
      '${m}'
    );
    expect(metricsVariable([variable('audit', 'scaleway-audittrail-datasource')])).toBeUndefined();
    expect(metricsVariable([])).toBeUndefined();
  });
});
