import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { ConfigSection } from '@grafana/plugin-ui';
import { Alert, Divider, Field, Input, SecretInput, TextArea, TextLink } from '@grafana/ui';
import React, { type ChangeEvent, type FormEvent, useEffect, useId, useState } from 'react';

import { settingLabel } from '../labels';
import {
  ALL_REGIONS,
  API_URL,
  DEFAULT_REGIONS,
  isAbsolutePath,
  isRegion,
  isUuid,
  migratedSettings,
  NUMBERS,
  REGIONS,
  regionsOf,
  type NumberSetting,
  type Secrets,
  type Settings,
} from '../settings';
import { t } from '../translation';
import { Choices } from './Choice';
import { KeepTyped } from './KeepTyped';

type Props = DataSourcePluginOptionsEditorProps<Settings, Secrets>;

type TextSetting = 'organizationId' | 'projectId' | 'apiUrl' | 'cacheDirectory' | 'caCertificate';

const WIDTH = 60;

const DOCUMENTATION = 'https://www.scaleway.com/en/docs/audit-trail/';

/** The settings page. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { secureJsonData, secureJsonFields, readOnly } = options;
  const jsonData = migratedSettings(options.jsonData);
  const id = useId();

  const set = (changed: Partial<Settings>) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...changed } });

  // A new data source asks all regions. One that was saved without regions asks the backend's until it is saved again: the
  // form shows the regions that it will have then, and says so. Grafana counts how often a data source was saved.
  const [opened] = useState({
    version: options.version,
    withoutRegions: (jsonData.regions ?? '') === '' && !readOnly,
    used: Boolean(jsonData.organizationId || secureJsonFields?.secretKey),
  });
  const becomesAll = opened.withoutRegions && opened.used && opened.version === options.version;
  useEffect(() => {
    if (opened.withoutRegions) {
      set({ regions: ALL_REGIONS });
    }
    // Once, when the page is opened: a region that is removed afterwards stays removed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const typed = (name: TextSetting) => ({
    id: `${id}-${name}`,
    disabled: readOnly,
    value: jsonData[name] ?? '',
    onChange: (event: FormEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      set({ [name]: event.currentTarget.value || undefined }),
  });

  const secretInput = (name: keyof Secrets, placeholder?: string) => {
    const isConfigured = Boolean(secureJsonFields?.[name]);
    const shared = { id: `${id}-${name}`, width: WIDTH, placeholder };
    // SecretInput offers to reset a secret even where it is disabled.
    return readOnly ? (
      <Input {...shared} disabled value={isConfigured ? t('config.configured', 'configured') : ''} />
    ) : (
      <SecretInput
        {...shared}
        isConfigured={isConfigured}
        value={secureJsonData?.[name] ?? ''}
        autoComplete="off"
        onChange={(event: ChangeEvent<HTMLInputElement>) =>
          onOptionsChange({
            ...options,
            secureJsonData: { ...secureJsonData, [name]: event.currentTarget.value.trim() },
          })
        }
        onReset={() =>
          onOptionsChange({
            ...options,
            secureJsonData: { ...secureJsonData, [name]: '' },
            secureJsonFields: { ...secureJsonFields, [name]: false },
          })
        }
      />
    );
  };

  const wrongUuid = (text: string | undefined) =>
    text && !text.includes('$') && !isUuid(text)
      ? t('config.uuid', 'A UUID, such as 11111111-2222-3333-4444-555555555555')
      : undefined;
  const key = secureJsonData?.secretKey ?? '';
  const wrongKey = key.startsWith('SCW')
    ? t(
        'config.key-is-access-key',
        'This is the access key. The secret key is a UUID, shown once when the key is made.'
      )
    : wrongUuid(key);

  const regions = regionsOf(jsonData.regions);
  const unnamed = regions.find((region) => !isRegion(region));
  const wrongRegion =
    unnamed &&
    t('scope.regions-wrong', '“{{region}}” is not the name of a region, such as fr-par', { region: unnamed });

  const wrongFolder =
    jsonData.cacheDirectory && !isAbsolutePath(jsonData.cacheDirectory)
      ? t('config.absolute-path', 'An absolute path, such as /var/lib/grafana/audittrail')
      : undefined;

  const numberField = (name: NumberSetting, description: string) => {
    const { initial, most } = NUMBERS[name];
    const value = jsonData[name] ?? '';
    const wrong = value !== '' && !(Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= most);
    return (
      <Field
        label={settingLabel(name)}
        description={description}
        htmlFor={`${id}-${name}`}
        invalid={wrong}
        error={wrong ? t('config.number', 'A whole number from 1 to {{most}}', { most }) : undefined}
      >
        <Input
          id={`${id}-${name}`}
          type="number"
          min={1}
          max={most}
          width={20}
          disabled={readOnly}
          placeholder={String(initial)}
          value={value}
          onChange={(event) => {
            const text = event.currentTarget.value;
            set({ [name]: text === '' ? undefined : Number(text) });
          }}
        />
      </Field>
    );
  };

  return (
    <>
      <p>
        {t(
          'config.intro',
          'Reads who did what in a Scaleway organization from its Audit Trail. Fields with * are required.'
        )}{' '}
        <TextLink href={DOCUMENTATION} external>
          {t('config.documentation', 'About Audit Trail')}
        </TextLink>
      </p>
      <Divider />
      <ConfigSection
        title={t('config.organization', 'Organization')}
        description={t('config.organization-help', 'The organization whose trail is read, and the API key for it.')}
      >
        <Field
          required
          label={settingLabel('organizationId')}
          description={t(
            'config.organization-id-help',
            'In the Scaleway console: your organization’s name at the top, then Organization settings (Organization ID).'
          )}
          htmlFor={`${id}-organizationId`}
          invalid={Boolean(wrongUuid(jsonData.organizationId))}
          error={wrongUuid(jsonData.organizationId)}
        >
          <Input {...typed('organizationId')} width={WIDTH} placeholder="11111111-2222-3333-4444-555555555555" />
        </Field>
        <Field
          required
          label={settingLabel('secretKey')}
          description={t(
            'config.secret-key-help',
            'In the console under IAM: create an application; create a policy for it, on the organization, with the permission sets AuditTrailReadOnly and, to see people by name, IAMReadOnly; then create an API key for the application. Its secret key is shown once.'
          )}
          htmlFor={`${id}-secretKey`}
          invalid={Boolean(wrongKey)}
          error={wrongKey}
        >
          {secretInput('secretKey', '11111111-2222-3333-4444-555555555555')}
        </Field>
        <TextLink href="https://console.scaleway.com/iam/applications" external inline={false}>
          {t('config.console-iam', 'Applications in the Scaleway console')}
        </TextLink>
      </ConfigSection>
      <Divider />
      <ConfigSection
        title={t('config.scope', 'Regions and project')}
        description={t('config.scope-help', 'The regions and the project of queries that name none.')}
      >
        <Field
          label={settingLabel('regions')}
          description={t(
            'config.regions-help',
            'Regions that your organization uses; a new one can be typed in. A region that has no Audit Trail has no events. Events of IAM, Account and log-ins are global and always read.'
          )}
          htmlFor={`${id}-regions`}
          invalid={Boolean(wrongRegion)}
          error={wrongRegion}
        >
          <KeepTyped
            width={WIDTH}
            onTyped={(region) => set({ regions: regionsOf([...regions, region.toLowerCase()]) })}
          >
            <Choices
              id={`${id}-regions`}
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
        <Field
          label={settingLabel('projectId')}
          description={t(
            'config.project-id-help',
            'Optional. In the console: the project’s Settings (Project ID). Events of IAM belong to no project and are then left out.'
          )}
          htmlFor={`${id}-projectId`}
          invalid={Boolean(wrongUuid(jsonData.projectId))}
          error={wrongUuid(jsonData.projectId)}
        >
          <Input {...typed('projectId')} width={WIDTH} placeholder={t('config.any-project', 'All projects')} />
        </Field>
      </ConfigSection>
      <Divider />
      <ConfigSection
        title={t('config.cache', 'Cache')}
        description={t('config.cache-help', 'Events are fetched from Scaleway once and cached for all queries.')}
        isCollapsible
        isInitiallyOpen={Boolean(jsonData.cacheDirectory)}
      >
        {numberField(
          'settlingSeconds',
          t(
            'config.settling-help',
            'The time after which an event is certain to be in the trail. Younger events are fetched again at each refresh, older ones never. Raise it if events appear late; lower it if refreshes cost too many calls.'
          )
        )}
        {numberField(
          'maxMemoryMiB',
          t(
            'config.max-memory-help',
            'The most memory for cached events on the Grafana server; the least recently used are dropped first. Raise it if the same long ranges are fetched again each time; lower it on a small server.'
          )
        )}
        <Field
          label={settingLabel('cacheDirectory')}
          description={t(
            'config.cache-directory-help',
            'Optional. A directory on the Grafana server in which settled events, request bodies included, are cached across restarts: an absolute path that Grafana’s user may write to or create. Several Grafana servers may share it.'
          )}
          htmlFor={`${id}-cacheDirectory`}
          invalid={Boolean(wrongFolder)}
          error={wrongFolder}
        >
          <Input
            {...typed('cacheDirectory')}
            width={WIDTH}
            placeholder={t('config.no-directory', 'None: in memory only')}
          />
        </Field>
      </ConfigSection>
      <Divider />
      <ConfigSection
        title={t('config.limits', 'Limits and connection')}
        description={t('config.limits-help', 'The defaults suit most organizations.')}
        isCollapsible
        isInitiallyOpen={false}
      >
        {numberField(
          'maxEvents',
          t(
            'config.max-events-help',
            'The most events fetched from one list of one region, and the most lines of an answer.'
          )
        )}
        {numberField(
          'concurrentCalls',
          t(
            'config.concurrent-calls-help',
            'The most calls to Scaleway at the same time; fewer run while Scaleway refuses some (HTTP 429). Lower it to leave room for other tools; raise it if long ranges are slow the first time.'
          )
        )}
        {numberField('callTimeoutSeconds', t('config.call-timeout-help', 'The longest time of one call to Scaleway.'))}
        {numberField('queryTimeoutSeconds', t('config.query-timeout-help', 'The longest time of one query in total.'))}
        <Field
          label={settingLabel('apiUrl')}
          description={t('config.api-url-help', 'Only for tests and proxies: an https URL, or http to this machine.')}
          htmlFor={`${id}-apiUrl`}
        >
          <Input {...typed('apiUrl')} width={WIDTH} placeholder={API_URL} />
        </Field>
        <Field
          label={settingLabel('caCertificate')}
          description={t(
            'config.ca-help',
            'Certificates in PEM to trust in addition to the system’s, for a proxy that intercepts TLS; or the absolute path of a file with them on the Grafana server.'
          )}
          htmlFor={`${id}-caCertificate`}
        >
          <TextArea {...typed('caCertificate')} rows={4} cols={64} placeholder="-----BEGIN CERTIFICATE-----" />
        </Field>
      </ConfigSection>
    </>
  );
}
