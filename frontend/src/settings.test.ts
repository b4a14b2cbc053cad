import { isUuid, regionsOf } from './settings';

describe('settings', () => {
  it('reads regions from a list, and from a text as provisioning writes it', () => {
    expect(regionsOf(['fr-par', 'nl-ams'])).toEqual(['fr-par', 'nl-ams']);
    expect(regionsOf('fr-par, pl-waw,')).toEqual(['fr-par', 'pl-waw']);
    expect(regionsOf(undefined)).toEqual([]);
  });

  it('knows a UUID', () => {
    expect(isUuid(' 0A1b2c3d-0000-4000-8000-000000000001 ')).toBe(true);
    expect(isUuid('SCW00000000000000000')).toBe(false);
  });
});
