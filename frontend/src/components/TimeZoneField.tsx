import { EditorField } from '@grafana/plugin-ui';
import { t } from '@grafana/i18n';
import React, { useId, useMemo } from 'react';

import { valueName } from '../words';
import { Choice } from './Choice';
import { variableOptions } from './ListPicker';

interface Props {
  value: string | undefined;
  /** The meaning of an empty field. */
  initial: string;
  onChange: (timezone: string | undefined) => void;
}

/** The IANA names that the browser knows. */
function zones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
}

/** The time zone in which hours, days and months begin. */
export function TimeZoneField({ value, initial, onChange }: Props) {
  const id = useId();
  const options = useMemo(() => [...variableOptions(), ...zones().map((zone) => ({ value: zone, label: zone }))], []);
  return (
    <EditorField
      label={t('timezone.label', 'Time zone')}
      tooltip={t('timezone.help', 'Bars of an hour or longer begin on the clock of this time zone.')}
      htmlFor={id}
      width={28}
    >
      <Choice
        id={id}
        placeholder={initial}
        options={options}
        value={value ? { value, label: valueName(value) } : null}
        createCustomValue
        isClearable
        onChange={(picked) => onChange(picked?.value.trim() || undefined)}
      />
    </EditorField>
  );
}
