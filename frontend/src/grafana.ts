import { CoreApp } from '@grafana/data';
import { config } from '@grafana/runtime';

/** Whether this is a version of Grafana or a later one; a pre-release has the features of its release. */
export function isGrafana(major: number, minor: number): boolean {
  const found = /^(\d+)\.(\d+)/.exec(config.buildInfo?.version ?? '');
  if (!found) {
    return false;
  }
  const [, ownMajor, ownMinor] = found.map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Whether the user may open Explore, by Grafana's own rules: other users are sent to the home page without a message. */
export function canExplore(): boolean {
  const { permissions, orgRole } = config.bootData?.user ?? {};
  const allowed = permissions ? permissions['datasources:explore'] : orgRole === 'Admin' || orgRole === 'Editor';
  return Boolean(allowed) && config.exploreEnabled !== false;
}

/** Whether the app is an alert rule's. */
export function isAlerting(app: CoreApp | string | undefined): boolean {
  return app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting;
}

/** Whether an app has no dashboard, and so no filter bars; one that was left may still be known there. */
export function isOutsideDashboards(app: CoreApp | string | undefined): boolean {
  return app === CoreApp.Explore || app === CoreApp.Correlations || isAlerting(app);
}
