import { css } from '@emotion/css';
import { type GrafanaTheme2, LoadingState, type PanelData } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

import { VERSION, type AuditQuery } from '../query';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { words } from '../words';
import { useAnswer } from './useAnswer';
import { useDetections } from './useDetections';

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  app?: string;
  data?: PanelData;
}

/**
 * The number of events in a query's range, once its answer has arrived.
 *
 * The count is requested after the answer: then the backend has these events cached and need not fetch them again.
 */
function useEventsInRange({ datasource, query, data }: Props): number | undefined {
  const { range, scopedVars = {}, targets = [] } = data?.request ?? {};
  // Some of Grafana's pages replace the variables before they send a query.
  const about = (asked: AuditQuery) => {
    const { scope, filters } = datasource.applyTemplateVariables(asked, scopedVars);
    return JSON.stringify([scope ?? {}, filters ?? []]);
  };
  // While a query is being changed, the answer at hand is still the one to the query before.
  const answered = targets.find(({ refId }) => refId === query.refId) as AuditQuery | undefined;
  const done =
    data?.state === LoadingState.Done && !data.errors?.length && answered && about(answered) === about(query);
  const question = `${about(query)}${range?.from.valueOf()}-${range?.to.valueOf()}`;
  const count = async () => {
    const { refId, scope, filters } = query;
    const counting: AuditQuery = { refId, version: VERSION, queryType: 'counts', over: 'total', scope, filters };
    const [frame] = await datasource.ask(counting, range, data?.request?.scopedVars);
    return frame?.fields.find((field) => typeof field.values[0] === 'number')?.values[0] as number | undefined;
  };
  return useAnswer(datasource, question, count, Boolean(done));
}

/** The query in words, and the number of its events. */
export function Summary(props: Props) {
  const styles = useStyles2(getStyles);
  const events = useEventsInRange(props);
  // The titles of rules, which the words have in place of ids.
  useDetections(props.datasource, Boolean(props.query.ruleIds?.length));
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
