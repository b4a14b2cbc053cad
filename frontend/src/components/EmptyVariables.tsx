import { Alert } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React from 'react';

interface Props {
  names: string[] | undefined;
  onRemove: () => void;
}

/** Says why a query that came from a dashboard selects no event, and lets it select what its conditions say. */
export function EmptyVariables({ names, onRemove }: Props) {
  if (!names?.length) {
    return null;
  }
  const title = t('empty-variables.title', 'No event is selected: in the dashboard {{names}} had no value.', {
    names: names.map((name) => `$${name}`).join(', '),
    interpolation: { escapeValue: false },
  });
  return (
    <Alert
      severity="warning"
      title={title}
      buttonContent={t('empty-variables.remove', 'Query without empty variables')}
      onRemove={onRemove}
    />
  );
}
