import type { CurrentUserDTO } from '@grafana/data';
import { config } from '@grafana/runtime';

/** The tests of this block have this user, in a Grafana with these settings. */
export function asUser(user: Partial<CurrentUserDTO>, settings: Partial<typeof config> = {}) {
  const before = { bootData: config.bootData, exploreEnabled: config.exploreEnabled };
  beforeAll(() => Object.assign(config, { exploreEnabled: true, ...settings, bootData: { ...before.bootData, user } }));
  afterAll(() => Object.assign(config, before));
}

/** The tests of this block have this version of Grafana. */
export function inGrafana(version: string) {
  const before = config.buildInfo;
  beforeAll(() => Object.assign(config, { buildInfo: { ...before, version } }));
  afterAll(() => Object.assign(config, { buildInfo: before }));
}
