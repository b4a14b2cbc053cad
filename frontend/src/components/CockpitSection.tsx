import { ConfigSection } from '@grafana/plugin-ui';
import { getDataSourceSrv } from '@grafana/runtime';
import { Field } from '@grafana/ui';
import React, { useId } from 'react';

import { settingLabel } from '../labels';
import { isMetricsUrl, listOf } from '../settings';
import { t } from '../translation';
import type { Option } from '../values';
import { Choice, Choices } from './Choice';
import { KeepTyped } from './KeepTyped';
import { SecretSetting, WIDTH, type Form, type Options } from './SettingFields';

interface Props extends Options {
  form: Form;
}

/** The metrics of Cockpit, which are read only where both settings have a value. */
export function CockpitSection({ form, ...props }: Props) {
  const urls = listOf(form.settings.cockpitUrls);
  const hasToken = Boolean(props.options.secureJsonFields?.cockpitToken);
  return (
    <ConfigSection
      title={t('config.cockpit', 'Metrics (Cockpit)')}
      description={t(
        'config.cockpit-help',
        'Off until URLs and token have a value. The plugin then reads metrics with this token to find when they moved. This bypasses the permissions of the metrics data source: all users of this data source can see these metrics.'
      )}
      isCollapsible
      isInitiallyOpen={urls.length > 0 || hasToken || Boolean(form.settings.metricsDataSource)}
    >
      <UrlsSetting form={form} urls={urls} />
      <SecretSetting
        {...props}
        name="cockpitToken"
        required={urls.length > 0}
        help={t(
          'config.cockpit-token-help',
          'In the console under Cockpit, Tokens: create a token in the project and region of the URLs, with the permission to query metrics. Its secret key is shown once. It is sent to the URLs above only.'
        )}
        wrong={(token) =>
          /[^!-~]/.test(token) ? t('config.ascii', 'Contains spaces or characters outside ASCII') : undefined
        }
      />
      <LinksSetting form={form} />
    </ConfigSection>
  );
}

/** The data source that the links of events lead to; the backend does not read it. */
function LinksSetting({ form: { readOnly, set, settings } }: { form: Form }) {
  const id = useId();
  const options = getDataSourceSrv()
    .getList({ type: 'prometheus' })
    .map(({ uid, name }) => ({ value: uid, label: name }));
  return (
    <Field
      label={settingLabel('metricsDataSource')}
      description={t(
        'config.metrics-data-source-help',
        'Optional. A Prometheus data source of Cockpit’s metrics: resources of events then link to their metrics there, with the permissions of that data source. A dashboard that chooses one by a variable links to that one.'
      )}
      htmlFor={id}
    >
      <Choice
        id={id}
        disabled={readOnly}
        width={WIDTH}
        placeholder={t('config.no-links', 'None: no links to metrics')}
        options={options}
        value={settings.metricsDataSource ?? null}
        isClearable
        // Grafana offers to clear a picker that is disabled, too.
        onChange={(picked) => !readOnly && set({ metricsDataSource: picked?.value })}
      />
    </Field>
  );
}

interface UrlsProps {
  form: Form;
  urls: string[];
}

const NO_OPTIONS: Option[] = [];

/** The URLs of Cockpit's data sources of metrics. */
function UrlsSetting({ form: { readOnly, set }, urls }: UrlsProps) {
  const id = useId();
  const change = (changed: string[]) => set({ cockpitUrls: changed.length ? listOf(changed) : undefined });
  const isWrong = urls.some((url) => !url.includes('$') && !isMetricsUrl(url));
  return (
    <Field
      label={settingLabel('cockpitUrls')}
      description={t(
        'config.cockpit-urls-help',
        'In the console under Cockpit, Data sources: the URL of Scaleway Metrics, one for each project and region. One token must be valid for all of them.'
      )}
      htmlFor={id}
      invalid={isWrong}
      error={
        isWrong
          ? t(
              'config.cockpit-url-wrong',
              'An https URL without user, query or path, or http to this machine, such as https://11111111-2222-3333-4444-555555555555.metrics.cockpit.fr-par.scw.cloud'
            )
          : undefined
      }
    >
      <KeepTyped width={WIDTH} onTyped={readOnly ? undefined : (typed) => change([...urls, typed])}>
        <Choices
          id={id}
          disabled={readOnly}
          placeholder={t('config.cockpit-off', 'None: no metrics are read')}
          options={NO_OPTIONS}
          value={urls.map((url) => ({ value: url, label: url }))}
          createCustomValue
          onChange={(picked) => change(picked.map(({ value }) => value))}
        />
      </KeepTyped>
    </Field>
  );
}
