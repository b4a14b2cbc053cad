import { EditorField } from '@grafana/plugin-ui';
import React, { useId, useMemo } from 'react';

import { valueName } from '../columns';
import { t } from '../translation';
import { Choice } from './Choice';
import { variableOptions } from './ListPicker';

interface Props {
  label: string;
  tooltip: string | undefined;
  value: string | undefined;
  /** Whether the query is an alert rule's, which has no dashboard. */
  alerting: boolean;
  onChange: (timezone: string | undefined) => void;
}

/** The browser's IANA names. */
function zones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
}

/** The time zone in which hours, days and months begin. */
export function TimeZoneField({ label, tooltip, value, alerting, onChange }: Props) {
  const id = useId();
  const options = useMemo(() => [...variableOptions(), ...zones().map((zone) => ({ value: zone, label: zone }))], []);
  return (
    <EditorField label={label} tooltip={tooltip} htmlFor={id} width={28}>
      <Choice
        id={id}
        placeholder={alerting ? 'UTC' : t('timezone.dashboard', 'As in the dashboard')}
        options={options}
        value={value ? { value, label: valueName(value) } : null}
        createCustomValue
        isClearable
        onChange={(picked) => onChange(picked?.value.trim() || undefined)}
      />
    </EditorField>
  );
}
