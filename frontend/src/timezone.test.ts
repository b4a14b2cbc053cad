import { fakeTemplates } from './test/templates';
import { timeZoneName, timeZoneOf, withTimeZone, withZoneOf } from './timezone';

describe('the time zone', () => {
  const browsers = Intl.DateTimeFormat().resolvedOptions().timeZone;

  it.each([
    ['utc', 'UTC'],
    ['browser', browsers],
    ['Asia/Kolkata', 'Asia/Kolkata'],
  ])('of a dashboard set to %s is %s', (timezone, name) => expect(timeZoneName(timezone)).toBe(name));

  it('is filled in where a query counts over time and names none', () => {
    const zone = 'Europe/Paris';
    const filled = (query: object) => withTimeZone({ refId: 'A', ...query }, zone).timezone;
    expect(filled({ queryType: 'counts' })).toBe(zone);
    expect(filled({ queryType: 'volume' })).toBe(zone);
    expect(filled({ queryType: 'counts', timezone: 'UTC' })).toBe('UTC');
    expect(filled({ queryType: 'counts', over: 'total' })).toBeUndefined();
    expect(filled({ queryType: 'events' })).toBeUndefined();
    expect(filled({ queryType: 'annotations' })).toBeUndefined();
    expect(withTimeZone({ refId: 'A', queryType: 'counts' }, undefined).timezone).toBeUndefined();
  });

  it('is that of the request, else that of the panel, and a rule has none', () => {
    const templates = fakeTemplates();
    const panel = { __sceneObject: { value: {}, text: '' } };
    expect(timeZoneOf(withZoneOf({ scopedVars: panel, timezone: 'utc' }), templates)).toBe('UTC');
    expect(timeZoneOf(withZoneOf({ scopedVars: {}, timezone: '' }), templates)).toBe(browsers);
    // The value of Grafana's macro.
    expect(timeZoneOf(panel, templates)).toBe('Europe/Paris');
    expect(timeZoneOf({}, templates)).toBeUndefined();
    expect(timeZoneOf({ __interval: { value: '1m', text: '1m' } }, templates)).toBeUndefined();
  });
});
