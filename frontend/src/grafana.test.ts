import { config } from '@grafana/runtime';

import { canExplore, isGrafana } from './grafana';
import { withReadableNotices } from './notices';
import { defaultsOf, withCluster } from './query';
import { fakeFrame } from './test/fakes';
import { asUser, inGrafana } from './test/user';

const annotations = { refId: 'Anno', queryType: 'annotations' as const };

describe('versions', () => {
  it.each([
    ['13.1.0', true],
    ['13.1.0-pre', true],
    ['13.10.2', true],
    ['14.0.0', true],
    ['13.1.0-87654.patch2', true],
    ['13.0.9', false],
    ['12.4.10', false],
    ['9.13.1', false],
    ['', false],
    ['main', false],
  ])('%s', (version, expected) => {
    const before = config.buildInfo;
    Object.assign(config, { buildInfo: { ...before, version } });
    expect(isGrafana(13, 1)).toBe(expected);
    Object.assign(config, { buildInfo: before });
  });
});

describe('before Grafana 13.1', () => {
  inGrafana('12.4.0');

  it('the data source clusters annotations', () => {
    expect(defaultsOf(annotations).cluster).toBe('near');
    expect(withCluster(annotations)).toEqual(annotations);
    expect(withCluster({ ...annotations, cluster: 'overflow' }).cluster).toBe('overflow');
  });

  it('a notice with a link shows its text', () => {
    const frame = fakeFrame('annotations', { time: [] });
    frame.meta = {
      notices: [
        { severity: 'warning', text: 'a', link: 'b' },
        { severity: 'info', text: 'c' },
      ],
    };
    expect(withReadableNotices(frame).meta?.notices).toEqual([
      { severity: 'warning', text: 'a', link: 'b', inspect: 'data' },
      { severity: 'info', text: 'c' },
    ]);
    expect(withReadableNotices(fakeFrame('annotations', { time: [] })).meta).toBeUndefined();
  });
});

describe('since Grafana 13.1', () => {
  inGrafana('13.1.0');

  it('Grafana clusters single events, of which there are at most a thousand', () => {
    expect(defaultsOf(annotations).cluster).toBe('overflow');
    expect(withCluster(annotations)).toEqual({ ...annotations, cluster: 'overflow', cap: 1000 });
    expect(withCluster({ ...annotations, overlay: true, cap: 50 })).toMatchObject({ cluster: 'overflow', cap: 50 });
    expect(withCluster({ ...annotations, cap: '$cap' })).toMatchObject({ cluster: 'overflow', cap: '$cap' });
  });

  it('the settings of a query apply, and other questions have no annotations', () => {
    const near = { ...annotations, cluster: 'near' as const };
    expect(withCluster(near)).toEqual(near);
    const counts = { refId: 'A', queryType: 'counts' as const };
    expect(withCluster(counts)).toEqual(counts);
  });
});

describe('since Grafana 13.3', () => {
  inGrafana('13.3.1');

  it('a notice shows its text and its link', () => {
    const frame = fakeFrame('annotations', { time: [] });
    frame.meta = { notices: [{ severity: 'warning', text: 'a', link: 'b' }] };
    expect(withReadableNotices(frame)).toBe(frame);
  });
});

describe('an editor of an organization without permissions of its own', () => {
  asUser({ permissions: undefined, orgRole: 'Editor' as never });
  it('may use Explore', () => expect(canExplore()).toBe(true));
});

describe('a viewer without permissions of its own', () => {
  asUser({ permissions: undefined, orgRole: 'Viewer' as never });
  it('may not', () => expect(canExplore()).toBe(false));
});

describe('an editor whom the permissions leave out', () => {
  asUser({ permissions: {}, orgRole: 'Editor' as never });
  it('may not', () => expect(canExplore()).toBe(false));
});
