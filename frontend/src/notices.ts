import type { DataFrame } from '@grafana/data';

import { isGrafana } from './grafana';

/**
 * A frame whose notices can be read.
 *
 * Before 13.3 Grafana shows a notice that has a link as an icon that leads there, without its text. One that suggests a
 * tab of the panel's inspector has its text as a tooltip.
 */
export function withReadableNotices(frame: DataFrame): DataFrame {
  const notices = frame.meta?.notices;
  if (!notices?.some(({ link }) => link) || isGrafana(13, 3)) {
    return frame;
  }
  const readable = notices.map((notice) => (notice.link ? { ...notice, inspect: 'data' as const } : notice));
  return { ...frame, meta: { ...frame.meta, notices: readable } };
}
