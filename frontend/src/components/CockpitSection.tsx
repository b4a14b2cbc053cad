import { ConfigSection } from '@grafana/plugin-ui';
import { getDataSourceSrv } from '@grafana/runtime';
import { Field } from '@grafana/ui';
import React, { useId } from 'react';

import { settingLabel } from '../labels';
import { isOwnToken, listOf, ownToken, type OwnToken } from '../settings';
import { t } from '../translation';
import { Choice } from './Choice';
import { MetricsUrls } from './MetricsUrls';
import { SecretSetting, WIDTH, type Form, type Options } from './SettingFields';

interface Props extends Options {
  form: Form;
}

/** The metrics of Cockpit, which are read only where URLs and tokens have a value. */
export function CockpitSection({ form, ...props }: Props) {
  const { secureJsonData, secureJsonFields, uid } = props.options;
  const urls = listOf(form.settings.cockpitUrls);
  const isSet = (name: string) => Boolean(secureJsonFields?.[name]);
  const own = ownTokens(urls, props.options);
  const isTyped = (name: OwnToken) => Boolean(secureJsonData?.[name]);
  return (
    <ConfigSection
      title={t('config.cockpit', 'Metrics (Cockpit)')}
      description={t(
        'config.cockpit-help',
        'Off until URLs and token have a value. The plugin then reads metrics with this token to find when they moved. This bypasses the permissions of the metrics data source: all users of this data source can see these metrics.'
      )}
      isCollapsible
      isInitiallyOpen={urls.length > 0 || isSet('cockpitToken') || Boolean(form.settings.metricsDataSource)}
    >
      <MetricsUrls
        uid={uid}
        readOnly={form.readOnly}
        urls={urls}
        onChange={(changed) => props.onOptionsChange(withUrls(props.options, form, changed))}
      />
      <TokenSetting
        {...props}
        name="cockpitToken"
        required={!urls.every((url) => ownTokens([url], props.options).some(isSet))}
        help={t(
          'config.cockpit-token-help',
          'In the console under Cockpit, Tokens: create a token in the project and region of the URLs, with the permission to query metrics. Its secret key is shown once. It is sent only to those of the URLs above that have no token of their own.'
        )}
      />
      {(own.length > 1 || own.some((name) => isSet(name) || isTyped(name))) &&
        own.map((name) => (
          <TokenSetting
            {...props}
            key={name}
            name={name}
            help={t(
              'config.cockpit-own-token-help',
              'Optional, in place of the token above. It is sent to this URL only.'
            )}
          />
        ))}
      <LinksSetting form={form} />
    </ConfigSection>
  );
}

/** The names of the tokens of some URLs' own: as they are stored, whose hosts may have other letter cases, or as the form writes them. */
function ownTokens(urls: string[], { secureJsonData, secureJsonFields }: Options['options']): OwnToken[] {
  const known = Object.keys({ ...secureJsonFields, ...secureJsonData }).filter(isOwnToken);
  const named = urls.flatMap((url) => {
    const name = ownToken(url);
    const same = known.filter((one) => one.toLowerCase() === name?.toLowerCase());
    return same.length ? same : (name ?? []);
  });
  return [...new Set(named)];
}

/** The options with other URLs, and without the tokens of the hosts that this change removed. */
function withUrls(options: Options['options'], form: Form, urls: string[]): Options['options'] {
  const { secureJsonData, secureJsonFields } = options;
  const left = ownTokens(urls, options);
  const removed = ownTokens(listOf(form.settings.cockpitUrls), options).filter((name) => !left.includes(name));
  const orphans = removed.filter((name) => secureJsonFields?.[name] || secureJsonData?.[name]);
  const changed = { ...options, jsonData: { ...form.settings, cockpitUrls: urls.length ? urls : undefined } };
  if (!orphans.length) {
    return changed;
  }
  return {
    ...changed,
    secureJsonFields: { ...secureJsonFields, ...Object.fromEntries(orphans.map((name) => [name, false])) },
    secureJsonData: { ...secureJsonData, ...Object.fromEntries(orphans.map((name) => [name, ''])) },
  };
}

interface TokenProps extends Options {
  name: 'cockpitToken' | OwnToken;
  help: string;
  required?: boolean;
}

/** A token of Cockpit. */
function TokenSetting(props: TokenProps) {
  return (
    <SecretSetting
      {...props}
      wrong={(token) =>
        /[^!-~]/.test(token) ? t('config.ascii', 'Contains spaces or characters outside ASCII') : undefined
      }
    />
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
