import fs from 'fs';
import path from 'path';

import { ALL_REGIONS, isAbsolutePath, isRegion, isUuid, NUMBERS, regionsOf } from './settings';

describe('settings', () => {
  it('reads regions from a list, and from a text as provisioning writes it', () => {
    expect(regionsOf(['fr-par', 'nl-ams'])).toEqual(['fr-par', 'nl-ams']);
    for (const text of ['fr-par, pl-waw,', 'fr-par pl-waw', 'fr-par\npl-waw fr-par', '["fr-par", "pl-waw"]']) {
      expect([text, regionsOf(text)]).toEqual([text, ['fr-par', 'pl-waw']]);
    }
    expect(regionsOf('')).toEqual([]);
    expect(regionsOf(undefined)).toEqual([]);
  });

  it('recognizes a UUID', () => {
    expect(isUuid(' 0A1b2c3d-0000-4000-8000-000000000001 ')).toBe(true);
    expect(isUuid('SCW00000000000000000')).toBe(false);
  });

  it('recognizes a region’s name by its form', () => {
    for (const region of [...ALL_REGIONS, 'de-fra', 'us-e1a2b']) {
      expect([region, isRegion(region)]).toEqual([region, true]);
    }
    for (const text of ['', 'fr', 'fr-pa', 'fr-paris1', 'FR-par', 'f1-par', ' fr-par', 'fr-par,nl-ams']) {
      expect([text, isRegion(text)]).toEqual([text, false]);
    }
  });

  it('recognizes an absolute path, on any system that Grafana runs on', () => {
    for (const text of ['/srv/cache', ' /srv', 'C:\\cache', 'c:/cache', '\\\\server\\cache']) {
      expect([text, isAbsolutePath(text)]).toEqual([text, true]);
    }
    for (const text of ['cache', './cache', '~/cache', '\\cache', 'C:cache']) {
      expect([text, isAbsolutePath(text)]).toEqual([text, false]);
    }
  });

  it('has the numbers that docs/configure.md lists, with their defaults and limits', () => {
    const page = fs.readFileSync(path.resolve(__dirname, '../../docs/configure.md'), 'utf8');
    const rows = page.matchAll(/^\| `(\w+)` \| (\d+) \| 1 to (\d+):/gm);
    const listed = Object.fromEntries(
      [...rows].map(([, name, initial, most]) => [name, { initial: Number(initial), most: Number(most) }])
    );
    expect(NUMBERS).toEqual(listed);
  });
});
