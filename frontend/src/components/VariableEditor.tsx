import type { QueryEditorProps } from '@grafana/data';
import { Stack } from '@grafana/ui';
import React from 'react';

import { variableQuery, type AuditQuery } from '../query';
import type { Settings } from '../settings';
import type { AuditSource } from '../source';
import { Conditions } from './Conditions';
import { QueryFields } from './QueryFields';
import { Summary } from './Summary';

type Props = QueryEditorProps<AuditSource, AuditQuery, Settings>;

/** The editor of a dashboard's variable. */
export function VariableEditor({ datasource, query, data, range, onChange, onRunQuery }: Props) {
  const asked = variableQuery(query);
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
        before={<QueryFields leading datasource={datasource} query={asked} range={range} onChange={change} />}
        onChange={change}
      />
      <Summary datasource={datasource} query={asked} data={data} />
    </Stack>
  );
}
