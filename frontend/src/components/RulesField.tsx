import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { useMemo } from 'react';

import { valueName } from '../columns';
import { LEVELS, problemText, type DetectionRule, type RuleList } from '../rules';
import { isUuid } from '../settings';
import type { AuditSource } from '../source';
import { t } from '../translation';
import type { Option } from '../values';
import { ListPicker } from './ListPicker';
import { useDetections } from './useDetections';

/** A rule's level, description and source in one line. */
function about({ level, description, source }: DetectionRule): string {
  const from = source === 'shipped' ? undefined : source;
  return [valueName(level), description?.replace(/\s+/g, ' ').trim(), from].filter(Boolean).join(' · ');
}

/** The texts of a list, each with what is known about it. */
function optionsOf(list: RuleList, rules: DetectionRule[]): Option[] {
  switch (list) {
    case 'ruleIds':
      return rules.map((rule) => ({ value: rule.id, label: rule.title, description: about(rule) }));
    case 'levels':
      return LEVELS.map((level) => ({ value: level, label: valueName(level) }));
    case 'tags':
      return [...new Set(rules.flatMap(({ tags }) => tags))].sort().map((tag) => ({ value: tag, label: tag }));
  }
}

interface FieldProps {
  datasource: AuditSource;
  list: RuleList;
  label: string;
  tooltip: string | undefined;
  placeholder: string;
  values: string[] | undefined;
  onChange: (values: string[] | undefined) => void;
}

/** Picks rules by their id, level or tag. */
export function RulesField({ datasource, list, onChange, ...shared }: FieldProps) {
  const { rules } = useDetections(datasource, list !== 'levels');
  const options = useMemo(() => optionsOf(list, rules), [list, rules]);
  return (
    <ListPicker
      {...shared}
      options={options}
      free={list !== 'levels'}
      onChange={(picked) => onChange(picked.length ? picked : undefined)}
    />
  );
}

interface DetailsProps {
  datasource: AuditSource;
  ids: string[] | undefined;
}

/** What the picked rules are, and the errors in the texts of other rules. */
export function RuleDetails({ datasource, ids = [] }: DetailsProps) {
  const styles = useStyles2(getStyles);
  const { rules, problems } = useDetections(datasource);
  const picked = ids.flatMap((id) => rules.find((rule) => rule.id === id) ?? []);
  // A rule may be named as well, by a name that is not listed.
  const unknown = rules.length ? ids.filter((id) => isUuid(id) && !rules.some((rule) => rule.id === id)) : [];
  return (
    <div className={styles.details} aria-live="polite" data-testid="audit-rules">
      {picked.length > 0 && (
        <ul className={styles.list}>
          {picked.map((rule) => (
            <li key={rule.id}>
              <strong>{rule.title}</strong> {about(rule)}
              {rule.tags.length > 0 && <span className={styles.tags}> {rule.tags.join(' ')}</span>}
            </li>
          ))}
        </ul>
      )}
      {unknown.map((id) => (
        <div key={id} className={styles.problem}>
          {t('rules.unknown', 'No rule has the id {{id}}.', { id })}
        </div>
      ))}
      {problems.map((problem) => (
        <div key={JSON.stringify(problem)} className={styles.problem}>
          {problemText(problem)}
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  details: css({
    padding: theme.spacing(0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
    '&:empty': { display: 'none' },
  }),
  list: css({ margin: 0, paddingLeft: theme.spacing(2) }),
  tags: css({ fontFamily: theme.typography.fontFamilyMonospace }),
  problem: css({ color: theme.colors.warning.text }),
});
