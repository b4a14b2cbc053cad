import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { CodeEditor, useStyles2 } from '@grafana/ui';
import React, { type ReactNode, useEffect, useId, useRef, useState } from 'react';

import { problemText } from '../rules';
import type { Known } from '../sigma';
import { complete, letTabLeave, underline, type Editor, type Monaco } from './sigmaEditor';
import type { RuleText } from './useRuleText';

interface Props {
  label: string;
  help: string;
  rules: RuleText;
  /** What can be completed. */
  known: Known;
  readOnly?: boolean;
  /** What is shown below the text, beside its errors. */
  children?: ReactNode;
}

/** The text of Sigma rules, with completion and its errors. */
export function RuleEditor({ label, help, rules, known, readOnly, children }: Props) {
  const { text, problems } = rules;
  // Monaco writes some texts in another way, such as their ends of lines, and tells that as a change.
  const edits = readOnly ? {} : { onChange: rules.onChange, onBlur: rules.onStore, onSave: rules.onStore };
  const styles = useStyles2(getStyles);
  const labelId = useId();

  const latest = useRef(known);
  useEffect(() => {
    latest.current = known;
  });

  const [mounted, setMounted] = useState<{ editor: Editor; monaco: Monaco }>();
  useEffect(() => {
    if (mounted) {
      underline(mounted.editor, mounted.monaco, problems ?? []);
    }
  }, [mounted, problems]);
  const onMount = (editor: Editor, monaco: Monaco) => {
    letTabLeave(editor, monaco);
    complete(editor, monaco, () => latest.current);
    setMounted({ editor, monaco });
  };

  return (
    <div role="group" aria-labelledby={labelId} className={styles.field} data-testid="audit-sigma">
      <div id={labelId} className={styles.label}>
        {label}
      </div>
      <div className={styles.help}>{help}</div>
      <CodeEditor
        language="yaml"
        value={text}
        height={220}
        readOnly={readOnly}
        showMiniMap={false}
        showLineNumbers
        monacoOptions={{ ariaLabel: label, tabSize: 2, insertSpaces: true, scrollBeyondLastLine: false }}
        onEditorDidMount={onMount}
        {...edits}
      />
      <div aria-live="polite" data-testid="audit-sigma-state">
        {(problems ?? []).map((problem) => (
          <div key={JSON.stringify(problem)} className={styles.problem}>
            {problemText(problem)}
          </div>
        ))}
        {children}
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
});
