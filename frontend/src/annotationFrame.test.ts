import { CoreApp, DataTopic, locationUtil, textUtil, type GrafanaConfig } from '@grafana/data';
import { locationService } from '@grafana/runtime';

import { dressedAnnotations } from './annotationFrame';
import type { Metrics } from './metricLinks';
import { fakeFrame } from './test/fakes';
import { asUser } from './test/user';

const query = { refId: 'A', datasource: { uid: 'audit' }, scope: { text: 'a&b#c"d' } };

function withBase(appSubUrl: string) {
  locationUtil.initialize({
    config: { appSubUrl } as GrafanaConfig,
    getVariablesUrlParams: jest.fn(),
    getTimeRangeForUrl: jest.fn(),
  });
}

function frame() {
  return fakeFrame('annotations', {
    time: [1000, 1000, 5000],
    timeEnd: [2000, null, null],
    title: ['Incomplete: region nl-ams did not answer', 'alice DeleteServer &lt;img&gt;', 'bob: 9 events'],
    text: ['because', 'from 203.0.113.7<details><summary>Details</summary>r-1</details>', 'within 4 s'],
    color: ['gray', 'red', 'green'],
    id: ['incomplete-0', 'e-1', 'e-2+8'],
    cluster_end: [null, null, 9000],
    console_url: [null, 'https://console.scaleway.com/instance/servers/fr-par-1/1-2/overview', null],
  });
}

const longFrame = (...texts: string[]) =>
  fakeFrame('annotations', { time: texts.map(() => 1), title: texts, text: texts, id: texts.map((_, i) => `e-${i}`) });

/** The links of each row as a browser has them after Grafana's sanitizer. */
function shown(app: CoreApp, of = frame(), asked = query, metrics?: Metrics) {
  const result = dressedAnnotations(of, { query: asked, app, metrics });
  const field = (name: string) => result.fields.find((field) => field.name === name);
  const rows = Array.from({ length: result.length }, (_, row) => {
    const html = document.createElement('div');
    html.innerHTML = textUtil.sanitize(`${field('title')?.values[row]}<br />${field('text')?.values[row]}`);
    return html;
  });
  const links = rows.map((row) =>
    [...row.querySelectorAll('a')].map((a) => [a.textContent, a.getAttribute('href') ?? '', a.target])
  );
  return { result, field, rows, links };
}

function pane(href: string) {
  return JSON.parse(new URL(href, 'http://localhost').searchParams.get('panes') ?? '').audit;
}

beforeEach(() => withBase(''));

describe('annotations', () => {
  it('have no buttons to edit and delete, and only the fields that Grafana reads', () => {
    const { result, field } = shown(CoreApp.Dashboard);
    expect(field('id')?.values).toEqual([0, 0, 0]);
    expect(field('event_id')?.values).toEqual(['incomplete-0', 'e-1', 'e-2+8']);
    expect(result.fields.map(({ name }) => name)).not.toContain('cluster_end');
    expect(result.fields.map(({ name }) => name)).not.toContain('console_url');
    expect(field('color')?.values).toEqual(['gray', 'red', 'green']);
  });

  it('stay annotations of a panel', () => {
    const overlay = { ...frame(), meta: { dataTopic: DataTopic.Annotations } };
    expect(shown(CoreApp.Dashboard, overlay).result.meta?.dataTopic).toBe(DataTopic.Annotations);
  });

  it('begin with who did what, in the color of text', () => {
    const { rows } = shown(CoreApp.Dashboard);
    const title = rows[1].querySelector('b');
    expect(title?.textContent).toBe('alice DeleteServer <img>');
    expect(title?.style.color).not.toBe('');
    expect(rows[1].querySelector('details')?.open).toBe(false);
  });
});

describe('the width of a tooltip', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('is bounded for any length of a word', () => {
    const long = 'x'.repeat(4_000);
    const many = Array.from({ length: 300 }, (_, i) => `principal-${i} ×${i}`).join(', ');
    const { result } = shown(CoreApp.Dashboard, { ...frame(), ...longFrame(long, many) });
    for (const name of ['title', 'text']) {
      const { values } = result.fields.find((field) => field.name === name)!;
      expect(values.length).toBeGreaterThan(0);
      values.forEach((markup) => {
        const body = new DOMParser().parseFromString(textUtil.sanitize(markup), 'text/html').body;
        // The bounded element is the only one.
        expect([...body.childNodes].map(({ nodeName }) => nodeName)).toEqual([name === 'title' ? 'B' : 'DIV']);
        const { maxWidth } = (body.firstElementChild as HTMLElement).style;
        expect(maxWidth).toBe('480px');
        expect(markup).toContain('overflow-wrap: anywhere');
      });
    }
  });
});

describe('the links of a user with Explore', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('lead to the event, to the events of a cluster, and to what is incomplete', () => {
    const { links } = shown(CoreApp.Dashboard);
    expect(links.map((row) => row.map(([text]) => text))).toEqual([
      ['What this means'],
      ['Event details', 'Open in the Scaleway console'],
      ['Event details'],
    ]);
    const [, one, many] = links.map(([[, href]]) => href);
    expect(pane(one)).toEqual({
      datasource: 'audit',
      queries: [
        expect.objectContaining({
          queryType: 'events',
          scope: { text: 'a&b#c"d' },
          filters: [{ key: 'id', operator: '=', value: 'e-1' }],
        }),
      ],
      range: { from: '500', to: '1500' },
    });
    expect(pane(many)).toMatchObject({ queries: [{ filters: [] }], range: { from: '4500', to: '9500' } });
    expect(links[1][1][1]).toBe('https://console.scaleway.com/instance/servers/fr-par-1/1-2/overview');
    expect(links.flat().every(([, , target]) => target === '_blank')).toBe(true);
  });

  it('find events that are not about the resource of the query', () => {
    const of = fakeFrame('annotations', {
      time: [1000, 2000, 3000, 4000],
      title: ['9 events more', 'a relative', '3 of relatives', '3 without a principal'],
      text: ['', '', '', ''],
      id: ['rest+9', 'e-1', 'e-2+2', 'e-3+2'],
      cluster_end: [9000, null, 4000, 5000],
      principal_id: [null, 'p-1', 'p-1', null],
    });
    const scope = { resourceIds: ['r-1'], resourceNames: ['web'], severities: ['high'] };
    const filters = [{ key: 'product', operator: '=' as const, value: 'lb' }];
    const asked = { ...query, queryType: 'annotations' as const, relevance: 'important' as const, scope, filters };
    const queries = (question: object) =>
      shown(CoreApp.Dashboard, of, question as typeof query).links.map(([[, href]]) => pane(href).queries[0]);
    const ofAny = { severities: ['high'] };
    const and = (key: string, value: string) => [...filters, { key, operator: '=', value }];
    const matters = queries(asked);
    expect(matters.map(({ scope, filters, relatives }) => [scope, filters, relatives])).toEqual([
      [scope, filters, true],
      [ofAny, and('id', 'e-1'), undefined],
      [ofAny, and('principal_id', 'p-1'), undefined],
      [ofAny, filters, undefined],
    ]);
    // Without a choice among them, the events of a cluster are about the resource.
    const all = queries({ ...query, scope, filters });
    expect(all.map(({ scope, filters }) => [scope, filters]).slice(1, 3)).toEqual([
      [ofAny, and('id', 'e-1')],
      [scope, filters],
    ]);
  });

  it('lead to the metrics of the resource, of a part to those of the whole', () => {
    const of = fakeFrame('annotations', {
      time: [1000, 1000, 1000, 1000],
      title: ['a', 'b', 'c', 'd'],
      text: ['', '', '', ''],
      id: ['e-1', 'e-2', 'e-3', 'e-4'],
      resource_type: ['instance_server', 'load_balancer_backend', 'iam_user', null],
      resource_id: ['r-1', 'r-2', 'r-3', null],
      resource_parents: ['p-0', 'p-1 p-2', null, null],
    });
    const metrics = { uid: 'cockpit', range: { from: 'now-6h', to: 'now' } };
    const { links, result } = shown(CoreApp.Dashboard, of, query, metrics);
    expect(links.map((row) => row.map(([text]) => text))).toEqual([
      ['Event details', 'Metrics of the resource'],
      ['Event details', 'Metrics of the resource'],
      ['Event details'],
      ['Event details'],
    ]);
    const explored = links.slice(0, 2).map(([, [, href]]) => {
      const { searchParams } = new URL(href, 'http://localhost');
      return JSON.parse(searchParams.get('panes') ?? '').metrics;
    });
    expect(explored[0]).toMatchObject({ datasource: 'cockpit', range: metrics.range });
    expect(explored[0].queries[0].expr).toContain('{resource_id="r-1"}');
    expect(explored[1].queries[0].expr).toContain('{resource_id=~"p-1|p-2"}');
    expect(result.fields.map(({ name }) => name).filter((name) => name.startsWith('resource'))).toEqual([]);
    // Without a data source of metrics, there is nothing to lead to.
    expect(shown(CoreApp.Dashboard, of).links.every((row) => row.length === 1)).toBe(true);
  });

  it('begin with the folder that Grafana is served from', () => {
    withBase('/grafana');
    const { links } = shown(CoreApp.Dashboard);
    expect(links[1][0][1]).toMatch(/^\/grafana\/explore\?/);
    // Grafana's pages have a base address, which a path without a slash is resolved by.
    expect(links[0][0][1]).toMatch(/^public\/plugins\//);
  });

  it('have no text of an event', () => {
    const hostile = '"><img src=x onerror=alert(1)>';
    const { links, rows } = shown(
      CoreApp.Dashboard,
      fakeFrame('annotations', {
        time: [1000, 1000, 1000, 1000],
        title: [0, 1, 2, 3].map(() => textUtil.escapeHtml(hostile)),
        text: [0, 1, 2, 3].map(() => textUtil.escapeHtml(hostile)),
        id: [hostile, 'x'.repeat(65), '', 'e-1'],
        console_url: [
          'javascript:alert(1)',
          'https://console.scaleway.com.example.com/',
          'https://console.scaleway.com/a?redirect=https://example.com',
          'https://console.scaleway.com/%2e%2e/',
        ],
      }),
      { ...query, scope: { text: hostile } }
    );
    expect(links.map((row) => row.map(([text]) => text))).toEqual(Array(4).fill(['Event details']));
    expect(links.map(([[, href]]) => pane(href).queries[0].filters.length)).toEqual([0, 0, 0, 1]);
    expect(pane(links[0][0][1]).queries[0].scope.text).toBe(hostile);
    for (const row of rows) {
      expect(row.querySelectorAll('img, script')).toHaveLength(0);
      expect(row.querySelectorAll('a')).toHaveLength(1);
      expect([...row.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())).not.toContain('onerror');
    }
  });
});

describe('the links of a viewer', () => {
  asUser({ permissions: {}, orgRole: 'Viewer' as never });

  it('lead to the dashboard around the event, as it is seen', () => {
    locationService.push('/d/uid/name?var-who=a%26b&from=now-6h&to=now&viewPanel=2&editview=annotations&inspect=1');
    withBase('/grafana');
    const { links } = shown(CoreApp.Dashboard);
    expect(links.map((row) => row.map(([text]) => text))).toEqual([
      ['What this means'],
      ['Zoom to the event', 'Open in the Scaleway console'],
      ['Zoom to the event'],
    ]);
    const [, href, target] = links[2][0];
    const address = new URL(href, 'http://localhost');
    expect(address.pathname).toBe('/grafana/d/uid/name');
    expect(Object.fromEntries(address.searchParams)).toEqual({
      'var-who': 'a&b',
      viewPanel: '2',
      from: String(5000 - 300_000),
      to: String(9000 + 300_000),
    });
    expect(target).toBe('');
  });

  it('never lead to Explore, nor to another host', () => {
    locationService.push({ pathname: '//example.com/d/uid', search: '' });
    const { links } = shown(CoreApp.Dashboard);
    expect(links[2][0][1]).toMatch(/^\/example\.com\/d\/uid\?/);
    expect(links.flat().some(([, href]) => href.includes('/explore'))).toBe(false);
  });

  it('are absent without a dashboard', () => {
    expect(shown(CoreApp.Explore).links[2]).toEqual([]);
  });
});

describe('annotations of suspects', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('are one click from all of their address, all of their principal, and who made its credentials', () => {
    const suspects = fakeFrame('annotations', {
      time: [1000],
      timeEnd: [null],
      title: ['Suspect 1'],
      text: ['because'],
      id: ['e-1'],
      cluster_end: [null],
      console_url: [null],
      principal_id: ['p-1'],
      source_ip: ['192.0.2.66'],
    });
    const { links, result } = shown(CoreApp.Dashboard, suspects);
    const scopes = links[0].map(([text, href]) => [text, pane(href).queries[0].scope]);
    expect(scopes.slice(1)).toEqual([
      ['All of this address', { sourceIps: ['192.0.2.66'] }],
      ['All of this principal', { principals: ['p-1'] }],
      ['Who made its credentials', { text: 'p-1', riskClasses: ['credential_creation'] }],
    ]);
    expect(result.fields.map(({ name }) => name)).not.toContain('principal_id');
  });
});

describe('without access to Explore', () => {
  asUser({ permissions: { 'datasources:explore': true } }, { exploreEnabled: false });

  it('no link leads there', () => {
    expect(
      shown(CoreApp.Dashboard)
        .links.flat()
        .some(([, href]) => href.includes('/explore'))
    ).toBe(false);
  });
});
