import { css } from '@emotion/css';
import { CoreApp, type GrafanaTheme2, type QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Button, Stack, useStyles2 } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React, { useEffect, useId, useState } from 'react';

import type { AuditSource } from '../source';
import { DEFAULTS, GROUPINGS, LIMITS, MOST_GROUPINGS, understood, VERSION, type AuditQuery } from '../query';
import type { Settings } from '../settings';
import { columnName } from '../words';
import { AlertingHelp } from './AlertingHelp';
import { AmountField } from './AmountField';
import { CapField, ClusterField } from './AnnotationFields';
import { Choice } from './Choice';
import { Conditions } from './Conditions';
import { ListPicker } from './ListPicker';
import { EmptyVariables } from './EmptyVariables';
import { Summary } from './Summary';
import { TimeZoneField } from './TimeZoneField';

type Props = QueryEditorProps<AuditSource, AuditQuery, Settings>;

/** The shape of an answer: a question together with its format. */
type Shape = 'logs' | 'table' | 'time' | 'total' | 'overlay';

const SHAPES: Record<Shape, Partial<AuditQuery>> = {
  logs: { queryType: 'events', format: 'logs' },
  table: { queryType: 'events', format: 'table' },
  time: { queryType: 'counts', over: 'time' },
  total: { queryType: 'counts', over: 'total' },
  overlay: { queryType: 'annotations', overlay: true },
};

function shapeOf({ queryType, format, over }: AuditQuery): Shape | undefined {
  switch (queryType) {
    case 'events':
      return format ?? DEFAULTS.format;
    case 'counts':
      return over ?? DEFAULTS.over;
    case 'annotations':
      return 'overlay';
    default:
      return undefined;
  }
}

/** The query with another shape; what belongs to the shape before it is left out, except what all of its kind have. */
function withShape(query: AuditQuery, shape: Shape): AuditQuery {
  const { format: _, over: __, overlay: ___, ...rest } = query;
  return { ...rest, ...SHAPES[shape] };
}

/** Fields that are set seldom, by the shape that has them. */
const OPTIONS: Record<Shape, ReadonlyArray<keyof AuditQuery>> = {
  logs: ['limit'],
  table: ['limit'],
  time: ['groupLimit', 'timezone'],
  total: ['groupLimit'],
  overlay: ['cap', 'cluster'],
};

/** The editor of panels, Explore and alert rules. */
export function QueryEditor({ datasource, query, app, data, range, onChange, onRunQuery }: Props) {
  const styles = useStyles2(getStyles);
  const asked = understood(query, app);
  const shapeId = useId();
  const optionsId = useId();
  const alerting = app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting;
  const shape = shapeOf(asked);
  const options = OPTIONS[shape ?? 'total'];
  const [open, setOpen] = useState(options.some((name) => asked[name] !== undefined));

  const store = (changed: AuditQuery) => {
    onChange(datasource.dependent({ ...changed, version: VERSION }, app));
    onRunQuery();
  };
  const change = (changed: Partial<AuditQuery>) => {
    // Conditions that are chosen here replace the dashboard's variables.
    const emptyVariables = 'scope' in changed || 'filters' in changed ? undefined : asked.emptyVariables;
    store({ ...asked, ...(asked.emptyVariables && { emptyVariables }), ...changed });
  };

  // Grafana shows the defaults in the editor of a new alert rule, but stores and runs the rule without them.
  useEffect(() => {
    if (alerting) {
      change({});
    }
    // The initial value; every later change is stored.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const shapes: Array<{ value: Shape; label: string; description: string }> = [
    {
      value: 'logs',
      label: t('shape.logs', 'Log lines'),
      description: t('shape.logs-help', 'The events, a line each: who did what'),
    },
    {
      value: 'table',
      label: t('shape.table', 'Table'),
      description: t('shape.table-help', 'The events, a row each, with all columns'),
    },
    {
      value: 'time',
      label: t('shape.time', 'Time series'),
      description: t('shape.time-help', 'The number of events over time, for graphs'),
    },
    {
      value: 'total',
      label: t('shape.total', 'Totals'),
      description: t('shape.total-help', 'The number of events in the range, for tiles and alert rules'),
    },
  ];
  // Explore draws no annotations, and a rule counts.
  if (!alerting && app !== CoreApp.Explore) {
    shapes.push({
      value: 'overlay',
      label: t('shape.overlay', 'Overlay'),
      description: t('shape.overlay-help', 'Annotations on this panel, over the series of its other queries'),
    });
  }

  const before = (
    <>
      <EditorField label={t('shape.label', 'Show')} htmlFor={shapeId}>
        <Choice<Shape>
          id={shapeId}
          options={shapes}
          value={shape ?? null}
          onChange={({ value }) => store(withShape(asked, value))}
        />
      </EditorField>
      {asked.queryType === 'counts' && (
        <ListPicker
          label={t('group-by.label', 'For each')}
          tooltip={t('group-by.help', 'One series or number for each value of up to eight columns.')}
          placeholder={t('group-by.none', 'All together')}
          values={asked.groupBy}
          options={GROUPINGS.map((value) => ({ value, label: columnName(value) }))}
          nameOf={columnName}
          onChange={(groupBy) => change({ groupBy: groupBy.length ? groupBy.slice(0, MOST_GROUPINGS) : undefined })}
        />
      )}
    </>
  );

  return (
    <Stack direction="column" gap={0.5}>
      <Conditions
        datasource={datasource}
        scope={asked.scope}
        filters={asked.filters}
        range={range}
        before={before}
        compact={app === CoreApp.Explore}
        alerting={alerting}
        buttons={
          <Button
            variant="secondary"
            icon="sliders-v-alt"
            aria-label={t('options.label', 'Options')}
            tooltip={t('options.label', 'Options')}
            aria-expanded={open}
            aria-controls={optionsId}
            onClick={() => setOpen(!open)}
          />
        }
        onChange={change}
      />
      {open && (
        <EditorRow>
          <div id={optionsId} className={styles.options}>
            {asked.queryType === 'events' && (
              <AmountField
                label={t('limit.label', 'Limit')}
                tooltip={t('limit.help', 'At most this many events, the newest first.')}
                value={asked.limit}
                initial={DEFAULTS.limit}
                most={LIMITS.limit}
                onChange={(limit) => change({ limit })}
              />
            )}
            {asked.queryType === 'counts' && (
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
            {shape === 'time' && (
              <TimeZoneField
                value={asked.timezone}
                initial={alerting ? 'UTC' : t('timezone.dashboard', 'As in the dashboard')}
                onChange={(timezone) => change({ timezone })}
              />
            )}
            {asked.queryType === 'annotations' && (
              <>
                <CapField value={asked.cap} cluster={asked.cluster} onChange={(cap) => change({ cap })} />
                <ClusterField value={asked.cluster} onChange={(cluster) => change({ cluster })} />
              </>
            )}
          </div>
        </EditorRow>
      )}
      {alerting && <AlertingHelp query={asked} />}
      <EmptyVariables names={asked.emptyVariables} onRemove={() => change({ emptyVariables: undefined })} />
      <Summary datasource={datasource} query={asked} app={app} data={data} />
    </Stack>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  options: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5, 1) }),
});
