import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, useStyles2 } from '@grafana/ui';
import React from 'react';

import { isBound, withBinding, withoutBinding, type Binding } from '../binding';
import { valueName } from '../columns';
import { and } from '../phrases';
import type { AuditQuery } from '../query';
import { SCOPE_LISTS } from '../scope';
import type { AuditSource } from '../source';
import { t } from '../translation';

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  /** What the panel or the dashboard is about; nothing is shown where it is unknown. */
  binding: Binding | undefined;
  /** Whether to offer the binding to a query without it. */
  isOffered?: boolean;
  onChange: (query: AuditQuery) => void;
}

/** The sentence on a binding, and the button that removes or adds it. */
export function BindingNote({ datasource, query, binding, isOffered = false, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const bound = binding && isBound(query, binding);
  return (
    <div aria-live="polite" data-testid="audit-binding">
      {binding && (bound || isOffered) && (
        <div className={styles.note}>
          <Icon name={bound ? 'link' : 'link-broken'} size="sm" aria-hidden />
          <span>{sentence(datasource, binding, bound)}</span>
          <Button
            variant="secondary"
            fill="text"
            size="sm"
            onClick={() => onChange(bound ? withoutBinding(query, binding) : withBinding(query, binding))}
          >
            {bound ? t('bound.remove', 'All events') : t('bound.add', 'Only these events')}
          </Button>
        </div>
      )}
    </div>
  );
}

function sentence({ resources }: AuditSource, { scope, queries }: Binding, isBound: boolean | undefined): string {
  const entries = SCOPE_LISTS.flatMap((list) => scope[list] ?? []);
  const names = {
    about: and(entries.map((entry) => resources.nameOf(entry) ?? valueName(entry))),
    queries: and(queries),
  };
  if (queries.length) {
    return isBound
      ? t('bound.queries', 'Events about {{about}}, as query {{queries}} of this panel selects.', names)
      : t('bound.offer-queries', 'Query {{queries}} of this panel selects {{about}}.', names);
  }
  return isBound
    ? t('bound.variables', 'Events about {{about}}, as the dashboard’s variables choose.', names)
    : t('bound.offer-variables', 'The dashboard’s variables choose {{about}}.', names);
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    padding: theme.spacing(0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
