import { Alert, Field } from '@grafana/ui';
import React, { useEffect, useId, useState } from 'react';

import { settingLabel } from '../labels';
import { ALL_REGIONS, DEFAULT_REGIONS, regionError, REGIONS, listOf } from '../settings';
import { t } from '../translation';
import { Choices } from './Choice';
import { KeepTyped } from './KeepTyped';
import { WIDTH, type Form } from './SettingFields';

interface Props {
  form: Form;
  /** How often the data source was saved, as Grafana counts. */
  version: number | undefined;
  /** Whether the data source has been in use. */
  used: boolean;
}

/**
 * Fills in all regions where the settings have none, and reports whether that changes what a saved data source reads.
 *
 * A data source that was saved without regions reads the backend's default ones until it is saved again.
 */
function useAllRegions({ form, version, used }: Props): boolean {
  const [opened] = useState({ version, used, withoutRegions: (form.settings.regions ?? '') === '' && !form.readOnly });
  useEffect(() => {
    if (opened.withoutRegions) {
      form.set({ regions: ALL_REGIONS });
    }
    // Once, when the page is opened: a region that is removed afterwards stays removed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return opened.withoutRegions && opened.used && opened.version === version;
}

/** The regions that are read. */
export function RegionsSetting(props: Props) {
  const { settings, readOnly, set } = props.form;
  const id = useId();
  const becomesAll = useAllRegions(props);
  const regions = listOf(settings.regions);
  const error = regions.map(regionError).find(Boolean);
  return (
    <>
      <Field
        label={settingLabel('regions')}
        description={t(
          'config.regions-help',
          'Regions that your organization uses; a new one can be typed in. A region that has no Audit Trail has no events. Events of IAM, Account and log-ins are global and always read.'
        )}
        htmlFor={id}
        invalid={Boolean(error)}
        error={error}
      >
        <KeepTyped width={WIDTH} onTyped={(typed) => set({ regions: listOf([...regions, typed.toLowerCase()]) })}>
          <Choices
            id={id}
            disabled={readOnly}
            placeholder={DEFAULT_REGIONS.join(', ')}
            options={REGIONS.map(({ value, label }) => ({ value, label: value, description: label }))}
            value={regions.map((region) => ({ value: region, label: region }))}
            createCustomValue
            onChange={(picked) => set({ regions: picked.map(({ value }) => value.trim().toLowerCase()) })}
          />
        </KeepTyped>
      </Field>
      {becomesAll && (
        <Alert
          severity="info"
          title={t(
            'config.regions-unsaved',
            'This data source was saved without regions and reads {{regions}}. Once saved here, it reads the regions above.',
            { regions: DEFAULT_REGIONS.join(', ') }
          )}
        />
      )}
    </>
  );
}
