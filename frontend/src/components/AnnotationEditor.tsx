import { css } from '@emotion/css';
import {
  type AnnotationQuery,
  CoreApp,
  type DataFrame,
  type GrafanaTheme2,
  type PanelData,
  type QueryEditorProps,
  type QueryResultMetaNotice,
} from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import { Alert, Button, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import React, { useEffect, useId } from 'react';

import { bindingOf, bindings } from '../binding';
import { annotationQuery, everything, isNewAnnotation, type AuditQuery } from '../query';
import { names, reference } from '../references';
import { listName, withList } from '../scope';
import type { Settings } from '../settings';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { BindingNote } from './BindingNote';
import { Choice, Choices } from './Choice';
import { Conditions } from './Conditions';
import { DetectionFields } from './DetectionFields';
import { QueryFields } from './QueryFields';
import { Summary } from './Summary';
import { useBinding } from './useBinding';

// Grafana types the data source of an annotation's editor as `any`.
type Props = Omit<QueryEditorProps<AuditSource, AuditQuery, Settings>, 'datasource'> & {
  datasource: AuditSource;
  annotation?: AnnotationQuery<AuditQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<AuditQuery>) => void;
};

/** The notices of an answer, such as a region that did not answer. */
function notices(data: PanelData | undefined): QueryResultMetaNotice[] {
  const frames: DataFrame[] = [...(data?.series ?? []), ...(data?.annotations ?? [])];
  const byText = new Map(frames.flatMap((frame) => frame.meta?.notices ?? []).map((notice) => [notice.text, notice]));
  return [...byText.values()];
}

/** Whether a query selects all events. */
function asksEverything({ scope, filters, relevance }: AuditQuery): boolean {
  return relevance !== 'important' && !filters?.length && Object.values(scope ?? {}).every((values) => !values?.length);
}

/** The editor of a dashboard's annotations. */
export function AnnotationEditor({ datasource, query, data, range, onChange, onRunQuery }: Props) {
  const styles = useStyles2(getStyles);
  const asked = annotationQuery(query);
  const bindable = bindings(getTemplateSrv().getVariables());

  // While this data source is being loaded, Grafana queries the one that was chosen before it, and shows its answer.
  useEffect(() => {
    onRunQuery();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for a data source, not for each answer
  }, [datasource]);

  const store = (changed: AuditQuery) => {
    onChange(datasource.dependent(changed, CoreApp.Dashboard));
    onRunQuery();
  };
  const change = (changed: Partial<AuditQuery>) => store({ ...asked, ...changed });

  const binding = bindingOf(getTemplateSrv(), []);
  useBinding(asked, binding, isNewAnnotation(query), store);

  const fields = { datasource, query: asked, range, onChange: change };

  return (
    <div className={styles.editor} data-testid="audit-annotation-editor">
      <Stack direction="column" gap={0.5}>
        <Conditions
          datasource={datasource}
          scope={asked.scope}
          filters={asked.filters}
          range={range}
          second={
            bindable.length > 0 && (
              <Followed bindable={bindable} scope={asked.scope} onChange={(scope) => change({ scope })} />
            )
          }
          wideButtons
          buttons={
            <Button
              variant="secondary"
              disabled={asksEverything(asked)}
              tooltip={t('annotation.everything-help', 'Remove all conditions, so that every event has an annotation')}
              onClick={() => change(everything())}
            >
              {t('annotation.everything', 'Everything')}
            </Button>
          }
          onChange={change}
        />
        <EditorRow>
          <Annotated query={asked} onChange={change} />
          {asked.queryType === 'detections' && <QueryFields leading isOneForm {...fields} />}
          <QueryFields {...fields} />
        </EditorRow>
        <DetectionFields {...fields} data={data} />
        <BindingNote datasource={datasource} query={asked} binding={binding} onChange={store} />
        <Summary datasource={datasource} query={asked} data={data} />
        {!bindable.length && (
          <Text color="secondary" variant="bodySmall">
            {t(
              'binding.none',
              'With a variable named resource_id, resource_name, project_id or region in the dashboard, these annotations can follow the dashboard’s variables.'
            )}
          </Text>
        )}
        <Notices data={data} />
      </Stack>
    </div>
  );
}

/** The notices of an answer. */
function Notices({ data }: { data: PanelData | undefined }) {
  return notices(data).map(({ text, severity, link }) => (
    <Alert key={text} severity={severity} title={text}>
      {link && (
        <TextLink href={link} external>
          {t('notice.link', 'About this notice')}
        </TextLink>
      )}
    </Alert>
  ));
}

interface AnnotatedProps {
  query: AuditQuery;
  onChange: (changed: Partial<AuditQuery>) => void;
}

/** Picks what has annotations: events, or the matches of rules. */
function Annotated({ query, onChange }: AnnotatedProps) {
  const id = useId();
  const isOfRules = query.queryType === 'detections';
  return (
    <EditorField
      label={t('annotated.label', 'Annotations of')}
      tooltip={t('annotated.help', 'What has an annotation: the events themselves, or the matches of detection rules.')}
      htmlFor={id}
      width={24}
    >
      <Choice
        id={id}
        options={[
          { value: 'events', label: t('annotated.events', 'Events') },
          { value: 'detections', label: t('annotated.detections', 'Matches of rules') },
        ]}
        value={isOfRules ? 'detections' : 'events'}
        onChange={({ value }) =>
          onChange(
            value === 'detections'
              ? { queryType: 'detections', show: 'annotations' }
              : { queryType: 'annotations', show: undefined }
          )
        }
      />
    </EditorField>
  );
}

interface FollowedProps {
  bindable: ReturnType<typeof bindings>;
  scope: AuditQuery['scope'];
  onChange: (scope: AuditQuery['scope']) => void;
}

/** The dashboard's variables that the annotations follow. */
function Followed({ bindable, scope, onChange }: FollowedProps) {
  const id = useId();
  const bound = bindable.filter(({ variable, list }) => scope?.[list]?.some((entry) => names(entry, variable)));
  const bind = (wanted: string[]) => {
    let changed = scope ?? {};
    for (const { variable, list } of bindable) {
      const others = (changed[list] ?? []).filter((entry) => !names(entry, variable));
      changed = withList(changed, list, wanted.includes(variable) ? [...others, reference(variable)] : others);
    }
    onChange(changed);
  };
  return (
    <EditorField
      label={t('binding.label', 'Follow variables')}
      tooltip={t(
        'binding.help',
        'Shows only events about the resource, project or region that is chosen in the dashboard’s variables.'
      )}
      htmlFor={id}
    >
      <Choices
        id={id}
        placeholder={t('binding.all', 'None')}
        options={bindable.map(({ variable, list }) => ({
          value: variable,
          label: `$${variable}`,
          description: listName(list),
        }))}
        value={bound.map(({ variable }) => ({ value: variable, label: `$${variable}` }))}
        onChange={(picked) => bind(picked.map(({ value }) => value))}
      />
    </EditorField>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  editor: css({
    maxWidth: theme.breakpoints.values.xl,
    // Grafana's table of the first annotation's fields follows, where a long text would make it 2 600 px wide.
    '*:has(&) > table td': { maxWidth: theme.breakpoints.values.md, whiteSpace: 'pre-line', overflowWrap: 'anywhere' },
  }),
});
