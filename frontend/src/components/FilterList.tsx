import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { FilterPill, Stack } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React from 'react';

import type { Filter } from '../query';
import { conditionWords } from '../words';

interface Props {
  filters: Filter[] | undefined;
  onChange: (filters: Filter[] | undefined) => void;
}

/** The conditions that clicks on values have added; a click takes one away. */
export function FilterList({ filters, onChange }: Props) {
  if (!filters?.length) {
    return null;
  }
  const without = (index: number) => filters.filter((_, i) => i !== index);
  return (
    <EditorRow>
      <EditorField
        label={t('filters.label', 'Filters')}
        tooltip={t('filters.help', 'Added from values in Explore. Click to remove.')}
      >
        <Stack wrap="wrap" gap={0.5}>
          {filters.map((filter, index) => (
            <FilterPill
              key={`${filter.key}${filter.operator}${filter.value}`}
              selected
              icon="times"
              label={conditionWords(filter)}
              onClick={() => onChange(filters.length > 1 ? without(index) : undefined)}
            />
          ))}
        </Stack>
      </EditorField>
    </EditorRow>
  );
}
