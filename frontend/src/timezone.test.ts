import { timeZoneName, withTimeZone } from './timezone';

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
  });
});
