import { config } from '@grafana/runtime';

/** Whether this is a version of Grafana or a later one; what comes before a release has what the release has. */
export function isGrafana(major: number, minor: number): boolean {
  const found = /^(\d+)\.(\d+)/.exec(config.buildInfo?.version ?? '');
  if (!found) {
    return false;
  }
  const [, ownMajor, ownMinor] = found.map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Whether the user may open Explore, as Grafana itself decides it: it shows its home page to all others, without a word. */
export function canExplore(): boolean {
  const { permissions, orgRole } = config.bootData?.user ?? {};
  const allowed = permissions ? permissions['datasources:explore'] : orgRole === 'Admin' || orgRole === 'Editor';
  return Boolean(allowed) && config.exploreEnabled !== false;
}
