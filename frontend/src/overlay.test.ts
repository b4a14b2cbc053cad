import { DataTopic } from '@grafana/data';

import { overlay, withoutButtons } from './overlay';
import { fakeFrame } from './test/fakes';

const titles = { details: 'Details', console: 'Console' };
const query = { refId: 'A', datasource: { uid: 'audit' }, scope: { text: 'a&b#c%d' } };

describe('overlay', () => {
  const frame = fakeFrame('annotations', {
    time: [1000, 5000],
    timeEnd: [null, 9000],
    title: ['one', 'many'],
    color: ['red', 'gray'],
    isRegion: [false, true],
    id: ['e-1', 'e-2'],
    console_url: ['https://console.example.com/1', null],
  });
  frame.meta = { dataTopic: DataTopic.Annotations };
  const result = overlay(withoutButtons(frame), query, titles);
  const values = (name: string) => result.fields.find((field) => field.name === name)?.values;

  it('keeps what Grafana draws over a panel’s series', () => {
    expect(result.meta?.dataTopic).toBe(DataTopic.Annotations);
    expect(values('color')).toEqual(['red', 'gray']);
    expect(values('isRegion')).toEqual([false, true]);
  });

  it('offers no buttons to edit and delete events', () => {
    expect(values('id')).toEqual([0, 0]);
    expect(values('event_id')).toEqual(['e-1', 'e-2']);
  });

  it('links to the events of the mark', () => {
    const pane = String(values('details')?.[1]);
    expect(pane).not.toMatch(/[&#%]/);
    expect(JSON.parse(pane).audit).toEqual({
      datasource: 'audit',
      queries: [expect.objectContaining({ queryType: 'events', scope: { text: 'a&b#c%d' } })],
      range: { from: '4500', to: '9500' },
    });
  });

  it('links to the console, and to its first page where no other is known', () => {
    const field = result.fields.find(({ name }) => name === 'console_url');
    expect(field?.config.links?.[0].title).toBe('Console');
    expect(field?.values).toEqual(['https://console.example.com/1', 'https://console.scaleway.com/']);
  });
});
