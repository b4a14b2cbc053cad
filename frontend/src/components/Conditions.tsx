import { css, cx } from '@emotion/css';
import type { GrafanaTheme2, TimeRange } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import { Button, Dropdown, Menu, useStyles2 } from '@grafana/ui';
import React, { type ReactNode, useState } from 'react';

import type { AuditQuery } from '../query';
import { isScopeTexts, scopeLabel, textsOf, withList, withTexts, type Scope, type ScopeField } from '../scope';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { ConditionRows, useRows } from './ConditionRows';
import { ListPicker } from './ListPicker';
import { usePickers } from './pickers';
import { Warnings } from './Warnings';

/** The most common conditions, always visible; the resource comes first. */
const FREQUENT: readonly ScopeField[] = ['resourceIds', 'principals', 'products', 'methods', 'severities', 'text'];

/** Conditions that are visible once they are used or added. */
const RARE: readonly ScopeField[] = [
  'notText',
  'status',
  'kinds',
  'riskClasses',
  'novelties',
  'resourceNames',
  'resourceTypes',
  'sourceIps',
  'notSourceIps',
  'services',
  'regions',
  'projects',
];

/** Conditions whose values are as long as addresses. */
const ADDRESSES: readonly ScopeField[] = ['sourceIps', 'notSourceIps'];

function valuesOf(scope: Scope | undefined, name: ScopeField): string[] {
  return isScopeTexts(name) ? textsOf(scope?.[name]) : (scope?.[name] ?? []);
}

interface Props {
  datasource: AuditSource;
  scope: Scope | undefined;
  filters: AuditQuery['filters'];
  range?: TimeRange;
  /** Fields before the first picker. */
  before?: ReactNode;
  /** Fields after the first picker, which is the resource's. */
  second?: ReactNode;
  /** Buttons beside the one that adds a condition. */
  buttons?: ReactNode;
  /** Whether the buttons need the width of two pickers. */
  wideButtons?: boolean;
  /** Whether the height counts more than the width of each picker. */
  compact?: boolean;
  /** Whether the query is an alert rule's. */
  alerting?: boolean;
  onChange: (changed: Pick<AuditQuery, 'scope' | 'filters'>) => void;
}

/** The conditions of a query: pickers that flow in a grid, and rows for all other conditions. */
export function Conditions({
  datasource,
  scope,
  filters,
  range,
  before,
  second,
  buttons,
  wideButtons,
  compact,
  alerting,
  onChange,
}: Props) {
  const styles = useStyles2(getStyles);
  const pickers = usePickers(datasource, scope, range);
  const { rows, change, add } = useRows(filters, (filters) => onChange({ filters }));
  const [added, setAdded] = useState<ScopeField[]>([]);

  const shown = RARE.filter((name) => added.includes(name) || valuesOf(scope, name).length);
  const [first, ...rest] = [...FREQUENT, ...shown].map((name) => (
    <div key={name} className={cx(ADDRESSES.includes(name) && styles.wide)}>
      <ListPicker
        {...pickers[name]}
        label={scopeLabel(name)}
        values={valuesOf(scope, name)}
        autoFocus={added.includes(name)}
        onChange={(values) =>
          onChange({ scope: isScopeTexts(name) ? withTexts(scope, name, values) : withList(scope, name, values) })
        }
      />
    </div>
  ));

  return (
    <>
      <EditorRow>
        <div className={cx(styles.grid, compact && styles.compact)} data-testid="audit-conditions">
          {before}
          {first}
          {second}
          {rest}
          <div className={cx(styles.buttons, wideButtons && styles.wide)}>
            <AddCondition
              offered={RARE.filter((name) => !shown.includes(name))}
              onField={(name) => setAdded([...added, name])}
              onRow={add}
            />
            {buttons}
          </div>
        </div>
        <ConditionRows datasource={datasource} scope={scope} rows={rows} range={range} onChange={change} />
      </EditorRow>
      <Warnings datasource={datasource} scope={scope} filters={filters} alerting={alerting} />
    </>
  );
}

interface AddProps {
  /** The fields of the scope that are not visible yet. */
  offered: ScopeField[];
  onField: (name: ScopeField) => void;
  onRow: () => void;
}

/** The button that adds a condition: on a field of the scope, or a row for any column. */
function AddCondition({ offered, onField, onRow }: AddProps) {
  const styles = useStyles2(getStyles);
  const menu = () => (
    <Menu>
      <Menu.Item
        label={t('conditions.any', 'Any column')}
        description={t('conditions.any-help', 'Is, is not, matches, is set: country, second factor, user agent, ...')}
        onClick={onRow}
      />
      <Menu.Divider />
      {offered.map((name) => (
        <Menu.Item key={name} label={scopeLabel(name)} onClick={() => onField(name)} />
      ))}
    </Menu>
  );
  return (
    <Dropdown overlay={menu} placement="bottom-start">
      <Button
        variant="secondary"
        icon="plus"
        className={styles.button}
        tooltip={t('conditions.add-help', 'Add a condition')}
      >
        {t('conditions.add', 'Condition')}
      </Button>
    </Dropdown>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(160px, 1fr))',
    gap: theme.spacing(0.5, 1),
    width: '100%',
    '> *': { minWidth: 0 },
  }),
  // Four columns in half of a window of 1 400 px, as Explore's split has it; room for an address in a whole one.
  compact: css({ gridTemplateColumns: 'repeat(auto-fill, minmax(clamp(130px, 22%, 185px), 1fr))' }),
  buttons: css({ display: 'flex', alignItems: 'end', gap: theme.spacing(0.25) }),
  wide: css({ gridColumn: 'span 2' }),
  button: css({ padding: theme.spacing(0, 0.75), flexShrink: 0 }),
});
