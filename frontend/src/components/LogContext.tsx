import { InlineField, RadioButtonGroup } from '@grafana/ui';
import React, { useState } from 'react';

import type { Context } from '../logs';
import { t } from '../translation';

interface Props {
  contexts: Context[];
  initial: Context | undefined;
  onChange: (context: Context) => void;
}

function contextName(context: Context): string {
  switch (context) {
    case 'principal':
      return t('context.principal', 'same principal');
    case 'resource':
      return t('context.resource', 'same resource');
    case 'source_ip':
      return t('context.source_ip', 'same source address');
  }
}

/** Picks the attribute that a line shares with the lines around it. */
export function LogContext({ contexts, initial, onChange }: Props) {
  const [context, setContext] = useState(initial);
  return (
    <InlineField label={t('context.label', 'Events with the')} transparent>
      <RadioButtonGroup<Context>
        aria-label={t('context.label', 'Events with the')}
        options={contexts.map((value) => ({ value, label: contextName(value) }))}
        value={context}
        onChange={(picked) => {
          setContext(picked);
          onChange(picked);
        }}
      />
    </InlineField>
  );
}
