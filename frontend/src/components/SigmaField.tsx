import { css } from '@emotion/css';
import { type DataFrame, FieldType, type GrafanaTheme2, type PanelData, type TimeRange } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

import { VERSION, type AuditQuery } from '../query';
import { QUESTIONS } from '../questions';
import { fieldColumn } from '../rules';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { columnValues } from '../values';
import { RuleEditor } from './RuleEditor';
import { useAnswer } from './useAnswer';
import { useRuleText } from './useRuleText';

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  data?: PanelData;
  range?: TimeRange;
  onChange: (sigma: string | undefined) => void;
}

/** The sum of the numbers in an answer; undefined if it lacks numbers because events may be missing. */
function sum(frames: DataFrame[]): number | undefined {
  const numbers = frames
    .flatMap(({ fields }) => fields.filter(({ type }) => type === FieldType.number))
    .flatMap(({ values }) => values);
  const isUnknown = !numbers.length && frames.some(({ meta }) => meta?.notices?.length);
  return isUnknown ? undefined : numbers.reduce<number>((total, number) => total + Number(number ?? 0), 0);
}

/** The number of matches of a text without errors, and that of the events that it was compared with. */
function useMatches({ datasource, query, data, range }: Props, sigma: string, isRight: boolean) {
  const { scope, filters, emptyVariables } = query;
  const { request } = data ?? {};
  const asked = request?.range ?? range;
  const shared = { refId: query.refId, version: VERSION, scope, filters, emptyVariables };
  // A moving range does not repeat the question.
  const ends = [asked?.raw.from, asked?.raw.to].map((end) => (typeof end === 'string' ? end : end?.valueOf()));
  const question = sigma && `matches ${JSON.stringify([sigma, shared, ends])}`;
  const count = async () => {
    const detections: AuditQuery = { ...shared, queryType: 'detections', show: 'counts', sigma };
    const frames = await datasource.ask(detections, asked, request?.scopedVars);
    const events: unknown = frames[0]?.meta?.custom?.events;
    return { events: typeof events === 'number' ? events : undefined, matches: sum(frames) };
  };
  return useAnswer(datasource, question, count, Boolean(sigma) && isRight);
}

/** Rules of a query's own: their text with completion, their errors, and the number of their matches. */
export function SigmaField(props: Props) {
  const { datasource, query, range, onChange } = props;
  const { label, help } = QUESTIONS.detections.fields.sigma;
  const styles = useStyles2(getStyles);
  const rules = useRuleText(datasource, query.sigma, onChange);
  const matches = useMatches(props, rules.settled, rules.problems?.length === 0);

  const values = async (field: string) => {
    const column = fieldColumn(field);
    const { scope, filters } = query;
    const found = column ? await columnValues(datasource, { column, scope, filters }, range) : [];
    return found.map(({ value, label }) => ({ value, label }));
  };

  return (
    <RuleEditor
      label={label()}
      help={help()}
      rules={rules}
      known={{ fields: () => datasource.resources.detectionFields(), values }}
    >
      {matches?.matches !== undefined && matches.events !== undefined && (
        <div className={styles.matches}>
          {t('sigma.matches', 'Matches {{matches}} of the last {{events}} events', {
            matches: matches.matches.toLocaleString(),
            events: matches.events.toLocaleString(),
          })}
        </div>
      )}
    </RuleEditor>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  matches: css({ color: theme.colors.text.primary, fontSize: theme.typography.bodySmall.fontSize }),
});
