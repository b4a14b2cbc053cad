import type { AnnotationQuery, DataFrame, PanelData, QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import { Alert, Box, MultiCombobox, Text } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React, { useEffect, useId } from 'react';

import { bindings, names, reference } from '../binding';
import type { AuditDataSource } from '../datasource';
import { annotationQuery, LIMITS, withList, type AuditQuery } from '../query';
import type { Settings } from '../settings';
import { listName } from '../words';
import { AmountField } from './AmountField';
import { ScopePickers } from './ScopePickers';
import { Summary } from './Summary';

// Grafana types the data source of an annotation's editor as `any`.
type Props = Omit<QueryEditorProps<AuditDataSource, AuditQuery, Settings>, 'datasource'> & {
  datasource: AuditDataSource;
  annotation?: AnnotationQuery<AuditQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<AuditQuery>) => void;
};

/** What the backend says about an answer, such as how many events share a mark. */
function notices(data: PanelData | undefined): string[] {
  const frames: DataFrame[] = [...(data?.series ?? []), ...(data?.annotations ?? [])];
  return [...new Set(frames.flatMap((frame) => (frame.meta?.notices ?? []).map(({ text }) => text)))];
}

/** The editor of a dashboard's annotations. */
export function AnnotationEditor({ datasource, query, data, range, onChange, onRunQuery }: Props) {
  const asked = annotationQuery(query);
  const boundId = useId();
  const bindable = bindings(getTemplateSrv().getVariables());
  const bound = bindable.filter(({ variable, list }) => asked.scope?.[list]?.some((entry) => names(entry, variable)));

  // While this data source is still being loaded, Grafana asks the one that was chosen before it, and shows its answer.
  useEffect(() => {
    onRunQuery();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for a data source, not for each answer
  }, [datasource]);

  const change = (changed: Partial<AuditQuery>) => {
    onChange({ ...asked, ...changed });
    onRunQuery();
  };
  const bind = (wanted: string[]) => {
    let { scope = {} } = asked;
    for (const { variable, list } of bindable) {
      const others = (scope[list] ?? []).filter((entry) => !names(entry, variable));
      scope = withList(scope, list, wanted.includes(variable) ? [...others, reference(variable)] : others);
    }
    change({ scope });
  };

  return (
    <EditorRows>
      <EditorRow>
        <EditorField
          label={t('binding.label', 'About what this dashboard shows')}
          tooltip={t(
            'binding.help',
            'Shows only events about the resource, project or region that is chosen in the dashboard’s variables.'
          )}
          htmlFor={boundId}
          width={30}
        >
          <MultiCombobox
            id={boundId}
            disabled={!bindable.length}
            placeholder={t('binding.all', 'No: events about everything')}
            options={bindable.map(({ variable, list }) => ({
              value: variable,
              label: `$${variable}`,
              description: listName(list),
            }))}
            value={bound.map(({ variable }) => variable)}
            onChange={(picked) => bind(picked.map(({ value }) => value))}
          />
        </EditorField>
        {!bindable.length && (
          <Box paddingTop={3} maxWidth="400px">
            <Text color="secondary" variant="bodySmall">
              {t(
                'binding.none',
                'This dashboard has no variable for it. Add one named resource_id, resource_name, project_id or region.'
              )}
            </Text>
          </Box>
        )}
        <AmountField
          label={t('cap.label', 'At most')}
          tooltip={t('cap.help', 'At most this many annotations; without a number, as many as the graph has room for.')}
          value={asked.cap}
          initial={t('cap.auto', 'auto')}
          most={LIMITS.cap}
          onChange={(cap) => change({ cap })}
        />
      </EditorRow>
      <ScopePickers datasource={datasource} scope={asked.scope} range={range} onChange={(scope) => change({ scope })} />
      <Summary datasource={datasource} query={asked} data={data} />
      {notices(data).map((notice) => (
        <Alert key={notice} severity="info" title={notice} />
      ))}
    </EditorRows>
  );
}
