import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React, { useEffect, useId } from 'react';

import type { AuditDataSource } from '../datasource';
import {
  DEFAULTS,
  GROUPINGS,
  LIMITS,
  MOST_GROUPINGS,
  understood,
  VERSION,
  type AuditQuery,
  type Question,
} from '../query';
import type { Settings } from '../settings';
import { columnName } from '../words';
import { AmountField } from './AmountField';
import { FilterList } from './FilterList';
import { ListPicker } from './ListPicker';
import { ScopePickers } from './ScopePickers';
import { Summary } from './Summary';

type Props = QueryEditorProps<AuditDataSource, AuditQuery, Settings>;

/** The editor of panels, Explore and alert rules. */
export function QueryEditor({ datasource, query, app, data, range, onChange, onRunQuery }: Props) {
  const asked = understood(query, app);
  const formatId = useId();
  const overId = useId();
  const alerting = app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting;

  const change = (changed: Partial<AuditQuery>) => {
    onChange({ ...asked, version: VERSION, ...changed });
    onRunQuery();
  };

  // Grafana shows the defaults in the editor of a new alert rule, but stores and runs the rule without them.
  useEffect(() => {
    if (alerting) {
      change({});
    }
    // What is shown first; every later change stores itself.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const questions: Array<{ value: Question; label: string; description: string }> = [
    {
      value: 'events',
      label: t('question.events', 'Events'),
      description: t('question.events-help', 'The events themselves: who did what, as log lines or a table'),
    },
    {
      value: 'counts',
      label: t('question.counts', 'Counts'),
      description: t('question.counts-help', 'How many events there are: for graphs, tiles and alert rules'),
    },
  ];
  // Explore draws no marks, and a rule counts.
  if (!alerting && app !== CoreApp.Explore) {
    questions.push({
      value: 'annotations',
      label: t('question.overlay', 'Overlay'),
      description: t('question.overlay-help', 'Annotations on this panel, over the series of its other queries'),
    });
  }

  return (
    <EditorRows>
      <EditorRow>
        <EditorField label={t('question.label', 'Question')}>
          <RadioButtonGroup<Question>
            aria-label={t('question.label', 'Question')}
            options={questions}
            value={asked.queryType}
            onChange={(queryType) => change({ queryType, overlay: queryType === 'annotations' ? true : undefined })}
          />
        </EditorField>
        {asked.queryType === 'events' && (
          <>
            <EditorField label={t('format.label', 'Format')} htmlFor={formatId} width={14}>
              <Combobox
                id={formatId}
                options={[
                  { value: 'logs', label: t('format.logs', 'Log lines') },
                  { value: 'table', label: t('format.table', 'Table') },
                ]}
                value={asked.format ?? DEFAULTS.format}
                onChange={({ value }) => change({ format: value as AuditQuery['format'] })}
              />
            </EditorField>
            <AmountField
              label={t('limit.label', 'Limit')}
              tooltip={t('limit.help', 'At most this many events, the newest first.')}
              value={asked.limit}
              initial={DEFAULTS.limit}
              most={LIMITS.limit}
              onChange={(limit) => change({ limit })}
            />
          </>
        )}
        {asked.queryType === 'counts' && (
          <>
            <EditorField label={t('over.label', 'Counted')} htmlFor={overId} width={14}>
              <Combobox
                id={overId}
                options={[
                  { value: 'time', label: t('over.time', 'Over time') },
                  { value: 'total', label: t('over.total', 'In total') },
                ]}
                value={asked.over ?? DEFAULTS.over}
                onChange={({ value }) => change({ over: value as AuditQuery['over'] })}
              />
            </EditorField>
            <ListPicker
              label={t('group-by.label', 'For each')}
              tooltip={t('group-by.help', 'One series or number for each value of up to eight columns.')}
              placeholder={t('group-by.none', 'All together')}
              values={asked.groupBy}
              options={GROUPINGS.map((value) => ({ value, label: columnName(value) }))}
              nameOf={columnName}
              onChange={(groupBy) => change({ groupBy: groupBy.length ? groupBy.slice(0, MOST_GROUPINGS) : undefined })}
            />
            {Boolean(asked.groupBy?.length) && (
              <AmountField
                label={t('group-limit.label', 'Groups')}
                tooltip={t(
                  'group-limit.help',
                  'At most this many groups; the rest is counted as “other”. Under an alert rule more groups are an error.'
                )}
                value={asked.groupLimit}
                initial={DEFAULTS.groupLimit}
                most={LIMITS.groupLimit}
                onChange={(groupLimit) => change({ groupLimit })}
              />
            )}
          </>
        )}
        {asked.queryType === 'annotations' && (
          <AmountField
            label={t('cap.label', 'At most')}
            tooltip={t(
              'cap.help',
              'At most this many annotations; without a number, as many as the graph has room for.'
            )}
            value={asked.cap}
            initial={t('cap.auto', 'auto')}
            most={LIMITS.cap}
            onChange={(cap) => change({ cap })}
          />
        )}
      </EditorRow>
      <ScopePickers datasource={datasource} scope={asked.scope} range={range} onChange={(scope) => change({ scope })} />
      <FilterList filters={asked.filters} onChange={(filters) => change({ filters })} />
      <Summary datasource={datasource} query={asked} app={app} data={data} />
    </EditorRows>
  );
}
