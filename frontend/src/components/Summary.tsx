import { css } from '@emotion/css';
import { type GrafanaTheme2, LoadingState, type PanelData } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { VERSION, type AuditQuery } from '../query';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { words } from '../words';

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  app?: string;
  data?: PanelData;
}

/**
 * The number of events in a query's range, once its answer has arrived.
 *
 * The count is asked after the answer: then the backend holds these events and need not fetch them again.
 */
function useEventsInRange({ datasource, query, data }: Props): number | undefined {
  const [count, setCount] = useState<{ for: string; events: number }>();
  const time = data?.request?.range;
  // Some of Grafana's pages replace the variables before they ask.
  const about = (asked: AuditQuery) => {
    const { scope, filters } = datasource.applyTemplateVariables(asked, data?.request?.scopedVars ?? {});
    return JSON.stringify([scope ?? {}, filters ?? []]);
  };
  const asked = `${about(query)}${time?.from.valueOf()}-${time?.to.valueOf()}`;
  // While a query is being changed, the answer at hand is still the one to the query before.
  const answered = data?.request?.targets.find(({ refId }) => refId === query.refId) as AuditQuery | undefined;
  const done =
    data?.state === LoadingState.Done && !data.errors?.length && answered && about(answered) === about(query);
  useEffect(() => {
    if (!done || count?.for === asked) {
      return;
    }
    let left = false;
    const { refId, scope, filters } = query;
    const counting: AuditQuery = { refId, version: VERSION, queryType: 'counts', over: 'total', scope, filters };
    datasource
      .ask(counting, time, data?.request?.scopedVars)
      .then((frames) => {
        const number = frames[0]?.fields.find((field) => typeof field.values[0] === 'number');
        if (!left && number) {
          setCount({ for: asked, events: number.values[0] });
        }
      })
      // The line is a convenience: without an answer it is not shown.
      .catch(() => undefined);
    return () => {
      left = true;
    };
    // `asked` stands for query and time, and the count itself is no reason to count again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [datasource, asked, done]);
  return count?.for === asked ? count.events : undefined;
}

/** The query in words, and the number of its events. */
export function Summary(props: Props) {
  const styles = useStyles2(getStyles);
  const events = useEventsInRange(props);
  return (
    <div className={styles.summary} role="status" aria-live="polite" data-testid="audit-summary">
      <span>{words(props.query, props.app, (id) => props.datasource.resources.nameOf(id))}</span>
      {events !== undefined && (
        <span className={styles.count}>
          {t('summary.events', 'Events in range: {{events}}', { events: events.toLocaleString() })}
        </span>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  summary: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    padding: theme.spacing(0.5, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  count: css({ color: theme.colors.text.primary, fontWeight: theme.typography.fontWeightMedium }),
});
