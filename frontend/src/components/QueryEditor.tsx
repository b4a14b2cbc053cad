import { css } from '@emotion/css';
import { CoreApp, type GrafanaTheme2, type QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import { Button, Stack, useStyles2 } from '@grafana/ui';
import React, { useEffect, useId, useState } from 'react';

import { bindingOf, withBoundShape } from '../binding';
import { isAlerting, isOutsideDashboards } from '../grafana';
import { isNew, understood, VERSION, type AuditQuery } from '../query';
import { FIELDS, isSelection } from '../questions';
import type { Settings } from '../settings';
import { inPanel, shapeOf, shapesIn } from '../shapes';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { AlertingHelp } from './AlertingHelp';
import { BindingNote } from './BindingNote';
import { Choice } from './Choice';
import { Conditions } from './Conditions';
import { DetectionFields } from './DetectionFields';
import { EmptyVariables } from './EmptyVariables';
import { QueryFields, shownFields } from './QueryFields';
import { Summary } from './Summary';
import { useBinding } from './useBinding';

/** The fields of conditions, in which a variable without a value selects nothing. */
const CONDITIONS = ['scope', 'filters', ...Object.keys(FIELDS).filter((name) => isSelection(FIELDS[name]))];

type Props = QueryEditorProps<AuditSource, AuditQuery, Settings>;

/** The editor of panels, Explore and alert rules. */
export function QueryEditor({ datasource, query, queries = [], app, data, range, onChange, onRunQuery }: Props) {
  const styles = useStyles2(getStyles);
  const asked = understood(query, app);
  const shapeId = useId();
  const optionsId = useId();
  const alerting = isAlerting(app);
  const shape = shapeOf(asked);
  const [open, setOpen] = useState(
    shownFields(asked, false).some(([name]) => asked[name as keyof AuditQuery] !== undefined)
  );

  const store = (changed: AuditQuery) => {
    onChange(datasource.dependent({ ...inPanel(changed), version: VERSION }, app));
    onRunQuery();
  };
  const change = (changed: Partial<AuditQuery>) => {
    // Conditions that are chosen here replace the dashboard's variables.
    const emptyVariables = CONDITIONS.some((name) => name in changed) ? undefined : asked.emptyVariables;
    store({ ...asked, ...(asked.emptyVariables && { emptyVariables }), ...changed });
  };

  const others = queries.filter(({ refId }) => refId !== query.refId);
  const binding = isOutsideDashboards(app) ? undefined : bindingOf(getTemplateSrv(), others);
  const isFresh = useBinding(asked, binding, isNew(query, app), store);

  // Grafana shows the defaults in the editor of a new alert rule, but stores and runs the rule without them.
  useEffect(() => {
    if (alerting) {
      change({});
    }
    // The initial value; every later change is stored.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const before = (
    <>
      <EditorField label={t('shape.label', 'Show')} htmlFor={shapeId}>
        <Choice
          id={shapeId}
          options={shapesIn(app).map(({ value, label, help }) => ({ value, label: label(), description: help() }))}
          value={shape ?? null}
          onChange={({ value }) => store(withBoundShape(asked, value, binding, isFresh))}
        />
      </EditorField>
      {shape && (
        <QueryFields
          leading
          datasource={datasource}
          query={asked}
          range={range}
          alerting={alerting}
          onChange={change}
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
      <DetectionFields datasource={datasource} query={asked} data={data} range={range} onChange={change} />
      <BindingNote
        datasource={datasource}
        query={asked}
        binding={binding}
        isOffered={asked.overlay && !asked.scope?.resourceIds?.length && !asked.scope?.resourceNames?.length}
        onChange={store}
      />
      {open && (
        <EditorRow>
          <div id={optionsId} className={styles.options}>
            {shape && (
              <QueryFields datasource={datasource} query={asked} range={range} alerting={alerting} onChange={change} />
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
