import fs from 'fs';
import path from 'path';

import {
  ALL_REGIONS,
  isAbsolutePath,
  isBelow,
  isMetricsUrl,
  isRegion,
  isUuid,
  limitsOf,
  NUMBERS,
  listOf,
} from './settings';

describe('settings', () => {
  it('reads regions from a list, and from a text as provisioning writes it', () => {
    expect(listOf(['fr-par', 'nl-ams'])).toEqual(['fr-par', 'nl-ams']);
    for (const text of ['fr-par, pl-waw,', 'fr-par pl-waw', 'fr-par\npl-waw fr-par', '["fr-par", "pl-waw"]']) {
      expect([text, listOf(text)]).toEqual([text, ['fr-par', 'pl-waw']]);
    }
    expect(listOf('')).toEqual([]);
    expect(listOf(undefined)).toEqual([]);
  });

  it.each([
    ['https://11111111-2222-3333-4444-555555555555.metrics.cockpit.fr-par.scw.cloud', true],
    ['https://example.com/prometheus/', true],
    ['http://127.0.0.1:9090', true],
    ['http://localhost:9090/', true],
    ['http://[::1]:9090', true],
    ['http://example.com', false],
    ['http://localhost.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['ftp://127.0.0.1', false],
    ['https://example.com/api', false],
    ['https://example.com?token', false],
    ['https://example.com#metrics', false],
    ['https://user@example.com', false],
    ['https://:password@example.com', false],
    ['fr-par', false],
    ['', false],
  ])('lets the token go to %s: %s', (text, expected) => {
    expect(isMetricsUrl(text)).toBe(expected);
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

  it.each([
    ['team', true],
    [' team/rules ', true],
    ['./team..old', true],
    ['/team', false],
    ['..', false],
    ['team/../other', false],
    ['team\\..\\other', false],
    ['C:\\team', false],
  ])('recognizes a path below a root: %s is %s', (text, expected) => {
    expect(isBelow(text)).toBe(expected);
  });

  it.each([
    [undefined, { initial: 120, most: 300 }],
    ['600', { initial: 120, most: 600 }],
    [60, { initial: 60, most: 60 }],
    ['soon', { initial: 120, most: 300 }],
    [100_000, { initial: 120, most: 86_400 }],
  ])('has a lag of at most the time until events are settled: %s', (settlingSeconds, expected) => {
    expect(limitsOf('lagSeconds', { settlingSeconds })).toEqual(expected);
    const page = fs.readFileSync(path.resolve(__dirname, '../../docs/configure.md'), 'utf8');
    expect(page).toContain('| `lagSeconds` | 120, or `settlingSeconds` if that is less | 1 to `settlingSeconds`:');
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
