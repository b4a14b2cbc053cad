import type { QueryEditorProps } from '@grafana/data';
import { EditorField } from '@grafana/plugin-ui';
import { Stack } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React, { useId } from 'react';

import type { AuditSource } from '../source';
import { COLUMNS, DEFAULTS, variableQuery, type AuditQuery } from '../query';
import type { Settings } from '../settings';
import { columnName } from '../words';
import { Choice } from './Choice';
import { Conditions } from './Conditions';
import { Summary } from './Summary';

type Props = QueryEditorProps<AuditSource, AuditQuery, Settings>;

/** The editor of a dashboard's variable. */
export function VariableEditor({ datasource, query, data, range, onChange, onRunQuery }: Props) {
  const asked = variableQuery(query);
  const columnId = useId();
  const change = (changed: Partial<AuditQuery>) => {
    onChange({ ...asked, ...changed });
    onRunQuery();
  };
  return (
    <Stack direction="column" gap={0.5}>
      <Conditions
        datasource={datasource}
        scope={asked.scope}
        filters={asked.filters}
        range={range}
        before={
          <EditorField
            label={t('variable.column', 'Values of')}
            tooltip={t(
              'variable.column-help',
              'The values found in the events of the dashboard’s time range. Principals, projects and resources are listed by name; the variable’s value is the id.'
            )}
            htmlFor={columnId}
          >
            <Choice
              id={columnId}
              options={COLUMNS.map((value) => ({ value: value as string, label: columnName(value) }))}
              value={asked.column ?? DEFAULTS.column}
              onChange={({ value }) => change({ column: value })}
            />
          </EditorField>
        }
        onChange={change}
      />
      <Summary datasource={datasource} query={asked} data={data} />
    </Stack>
  );
}
