import { Alert } from '@grafana/ui';
import React from 'react';

import { t } from '../translation';

interface Props {
  names: string[] | undefined;
  onRemove: () => void;
}

/** A warning that a query from a dashboard selects no event, with a button that leaves only its conditions. */
export function EmptyVariables({ names, onRemove }: Props) {
  if (!names?.length) {
    return null;
  }
  const title = t('empty-variables.title', 'No event is selected: in the dashboard {{names}} had no value.', {
    names: names.map((name) => `$${name}`).join(', '),
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
