import type { PanelData, TimeRange } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import React from 'react';

import type { AuditQuery } from '../query';
import type { AuditSource } from '../source';
import { RuleDetails } from './RulesField';
import { SigmaField } from './SigmaField';

interface Props {
  datasource: AuditSource;
  query: AuditQuery;
  data?: PanelData;
  range?: TimeRange;
  onChange: (changed: Partial<AuditQuery>) => void;
}

/** Of a query for detections: what its rules are, and rules of its own. */
export function DetectionFields({ datasource, query, data, range, onChange }: Props) {
  return query.queryType === 'detections' ? (
    <EditorRow>
      <RuleDetails datasource={datasource} ids={query.ruleIds} />
      <SigmaField
        datasource={datasource}
        query={query}
        data={data}
        range={range}
        onChange={(sigma) => onChange({ sigma })}
      />
    </EditorRow>
  ) : null;
}
