import { css } from '@emotion/css';
import { type DataFrame, FieldType, type GrafanaTheme2, type PanelData, type TimeRange } from '@grafana/data';
import { CodeEditor, useStyles2 } from '@grafana/ui';
import React, { useEffect, useId, useRef, useState } from 'react';

import { VERSION, type AuditQuery } from '../query';
import { QUESTIONS } from '../questions';
import { fieldColumn, problemText, type RuleProblem } from '../rules';
import type { Known } from '../sigma';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { columnValues } from '../values';
import { complete, letTabLeave, underline, type Editor, type Monaco } from './sigmaEditor';
import { useAnswer } from './useAnswer';
import { useSettled } from './useSettled';

/** The time without a key after which a text is checked, in milliseconds. */
const PAUSE = 600;

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

/** The errors of a text; undefined while they are unknown. */
function useProblems(datasource: AuditSource, sigma: string): RuleProblem[] | undefined {
  const checked = useAnswer(datasource, sigma && `check ${sigma}`, async () => {
    const problems = await datasource.resources.checkRules(sigma);
    // The text is at hand, and needs no name.
    return problems.map((problem) => ({ ...problem, source: undefined }));
  });
  return sigma ? checked : [];
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
    const ask = (more: Partial<AuditQuery>) => datasource.ask({ ...shared, ...more }, asked, request?.scopedVars);
    const [events, matches] = await Promise.all([
      ask({ queryType: 'counts', over: 'total' }),
      ask({ queryType: 'detections', show: 'counts', sigma }),
    ]);
    return { events: sum(events), matches: sum(matches) };
  };
  return useAnswer(datasource, question, count, Boolean(sigma) && isRight);
}

/** Rules of a query's own: their text with completion, their errors, and the number of their matches. */
export function SigmaField(props: Props) {
  const { datasource, query, range, onChange } = props;
  const { label, help } = QUESTIONS.detections.fields.sigma;
  const styles = useStyles2(getStyles);
  const labelId = useId();
  const stored = query.sigma ?? '';
  const [typed, setTyped] = useState<string>();
  const text = typed ?? stored;
  const settled = useSettled(text, PAUSE).trim();
  const problems = useProblems(datasource, settled);
  const matches = useMatches(props, settled, problems?.length === 0);

  const known = useRef<Known | undefined>(undefined);
  useEffect(() => {
    known.current = {
      fields: () => datasource.resources.detectionFields(),
      values: async (field) => {
        const column = fieldColumn(field);
        const { scope, filters } = query;
        const found = column ? await columnValues(datasource, { column, scope, filters }, range) : [];
        return found.map(({ value, label }) => ({ value, label }));
      },
    };
  });

  const [mounted, setMounted] = useState<{ editor: Editor; monaco: Monaco }>();
  useEffect(() => {
    if (mounted) {
      underline(mounted.editor, mounted.monaco, problems ?? []);
    }
  }, [mounted, problems]);
  const onMount = (editor: Editor, monaco: Monaco) => {
    letTabLeave(editor, monaco);
    complete(editor, monaco, () => known.current ?? { fields: async () => [], values: async () => [] });
    setMounted({ editor, monaco });
  };
  const store = (sigma: string) => {
    setTyped(undefined);
    if (sigma !== stored) {
      onChange(sigma.trim() ? sigma : undefined);
    }
  };

  return (
    <div role="group" aria-labelledby={labelId} className={styles.field} data-testid="audit-sigma">
      <div id={labelId} className={styles.label}>
        {label()}
      </div>
      <div className={styles.help}>{help()}</div>
      <CodeEditor
        language="yaml"
        value={text}
        height={220}
        showMiniMap={false}
        showLineNumbers
        monacoOptions={{ ariaLabel: label(), tabSize: 2, insertSpaces: true, scrollBeyondLastLine: false }}
        onEditorDidMount={onMount}
        onChange={setTyped}
        onBlur={store}
        onSave={store}
      />
      <div aria-live="polite" data-testid="audit-sigma-state">
        {(problems ?? []).map((problem) => (
          <div key={JSON.stringify(problem)} className={styles.problem}>
            {problemText(problem)}
          </div>
        ))}
        {matches?.matches !== undefined && matches.events !== undefined && (
          <div className={styles.matches}>
            {t('sigma.matches', 'Matches {{matches}} of the last {{events}} events', {
              matches: matches.matches.toLocaleString(),
              events: matches.events.toLocaleString(),
            })}
          </div>
        )}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  field: css({ width: '100%' }),
  label: css({
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    lineHeight: theme.typography.bodySmall.lineHeight,
  }),
  help: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  problem: css({ color: theme.colors.error.text, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  matches: css({ color: theme.colors.text.primary, fontSize: theme.typography.bodySmall.fontSize }),
});
