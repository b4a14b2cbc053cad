import { ConfigSection } from '@grafana/plugin-ui';
import { Divider, TextLink } from '@grafana/ui';
import React from 'react';

import { API_URL, isAbsolutePath, isOn, migratedSettings, type Settings } from '../settings';
import { t } from '../translation';
import { CockpitSection } from './CockpitSection';
import { DetectionsSection } from './DetectionsSection';
import { RegionsSetting } from './RegionsSetting';
import {
  NumberSetting,
  SecretKey,
  SwitchSetting,
  TextSetting,
  wrongUuid,
  type Form,
  type Options,
} from './SettingFields';

const DOCUMENTATION = 'https://www.scaleway.com/en/docs/audit-trail/';

/** The settings page. */
export function ConfigEditor({ options, onOptionsChange }: Options) {
  const settings = migratedSettings(options.jsonData);
  const form: Form = {
    settings,
    readOnly: options.readOnly,
    set: (changed) => onOptionsChange({ ...options, jsonData: { ...settings, ...changed } }),
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
        <TextSetting
          form={form}
          name="organizationId"
          required
          help={t(
            'config.organization-id-help',
            'In the Scaleway console: your organization’s name at the top, then Organization settings (Organization ID).'
          )}
          placeholder="11111111-2222-3333-4444-555555555555"
          wrong={wrongUuid}
        />
        <SecretKey options={options} onOptionsChange={onOptionsChange} />
        <TextLink href="https://console.scaleway.com/iam/applications" external inline={false}>
          {t('config.console-iam', 'Applications in the Scaleway console')}
        </TextLink>
      </ConfigSection>
      <Divider />
      <ConfigSection
        title={t('config.scope', 'Regions and project')}
        description={t('config.scope-help', 'The regions and the project of queries that name none.')}
      >
        <RegionsSetting
          form={form}
          version={options.version}
          used={Boolean(settings.organizationId || options.secureJsonFields?.secretKey)}
        />
        <TextSetting
          form={form}
          name="projectId"
          help={t(
            'config.project-id-help',
            'Optional. In the console: the project’s Settings (Project ID). Events of IAM belong to no project and are then left out.'
          )}
          placeholder={t('config.any-project', 'All projects')}
          wrong={wrongUuid}
        />
      </ConfigSection>
      <Divider />
      <CockpitSection form={form} options={options} onOptionsChange={onOptionsChange} />
      <Divider />
      <DetectionsSection form={form} uid={options.uid} version={options.version} />
      <Divider />
      <ConfigSection
        title={t('config.access', 'Who sees what')}
        description={t('config.access-help', 'All users who may query this data source see who did what.')}
        isCollapsible
        isInitiallyOpen={isOn(settings.hideFromViewers)}
      >
        <SwitchSetting
          form={form}
          name="hideFromViewers"
          help={t(
            'config.hide-from-viewers-help',
            'Users without the role of an editor or administrator, and public dashboards, then get no request bodies, source addresses and investigations. Alert rules get everything.'
          )}
        />
      </ConfigSection>
      <Divider />
      <CacheSection form={form} />
      <Divider />
      <LimitsSection form={form} />
    </>
  );
}

interface SectionProps {
  form: Form;
}

/** Whether one of some settings has a value, so that its section has to show it. */
function haveValue(settings: Settings, names: Array<keyof Settings>): boolean {
  return names.some((name) => (settings[name] ?? '') !== '');
}

function CacheSection({ form }: SectionProps) {
  return (
    <ConfigSection
      title={t('config.cache', 'Cache')}
      description={t('config.cache-help', 'Events are fetched from Scaleway once and cached for all queries.')}
      isCollapsible
      isInitiallyOpen={haveValue(form.settings, ['settlingSeconds', 'lagSeconds', 'maxMemoryMiB', 'cacheDirectory'])}
    >
      <NumberSetting
        form={form}
        name="settlingSeconds"
        help={t(
          'config.settling-help',
          'The time after which an event is certain to be in the trail. Younger events are fetched again at each refresh, older ones never. Raise it if events appear late; lower it if refreshes cost too many calls.'
        )}
      />
      <NumberSetting
        form={form}
        name="lagSeconds"
        help={t(
          'config.lag-help',
          'The time that alert rules leave events to appear in the trail: let the range of a rule end this long ago, such as now-2m. Later events are counted in a metric and named in Grafana’s log. At most the seconds until settled.'
        )}
      />
      <NumberSetting
        form={form}
        name="maxMemoryMiB"
        help={t(
          'config.max-memory-help',
          'The most memory for cached events on the Grafana server; the least recently used are dropped first. Raise it if the same long ranges are fetched again each time; lower it on a small server.'
        )}
      />
      <TextSetting
        form={form}
        name="cacheDirectory"
        help={t(
          'config.cache-directory-help',
          'Optional. A directory on the Grafana server in which settled events, request bodies included, are cached across restarts: an absolute path that Grafana’s user may write to or create. Several Grafana servers may share it.'
        )}
        placeholder={t('config.no-directory', 'None: in memory only')}
        wrong={(path) =>
          path && !isAbsolutePath(path)
            ? t('config.absolute-path', 'An absolute path, such as /var/lib/grafana/audittrail')
            : undefined
        }
      />
    </ConfigSection>
  );
}

function LimitsSection({ form }: SectionProps) {
  return (
    <ConfigSection
      title={t('config.limits', 'Limits and connection')}
      description={t('config.limits-help', 'The defaults suit most organizations.')}
      isCollapsible
      isInitiallyOpen={haveValue(form.settings, [
        'maxEvents',
        'concurrentCalls',
        'callTimeoutSeconds',
        'queryTimeoutSeconds',
        'ruleTimeoutSeconds',
        'apiUrl',
        'caCertificate',
      ])}
    >
      <NumberSetting
        form={form}
        name="maxEvents"
        help={t(
          'config.max-events-help',
          'The most events fetched from one list of one region, and the most lines of an answer.'
        )}
      />
      <NumberSetting
        form={form}
        name="concurrentCalls"
        help={t(
          'config.concurrent-calls-help',
          'The most calls to Scaleway at the same time; fewer run while Scaleway refuses some (HTTP 429). Lower it to leave room for other tools; raise it if long ranges are slow the first time.'
        )}
      />
      <NumberSetting
        form={form}
        name="callTimeoutSeconds"
        help={t('config.call-timeout-help', 'The longest time of one call to Scaleway.')}
      />
      <NumberSetting
        form={form}
        name="queryTimeoutSeconds"
        help={t('config.query-timeout-help', 'The longest time of one query in total.')}
      />
      <NumberSetting
        form={form}
        name="ruleTimeoutSeconds"
        help={t(
          'config.rule-timeout-help',
          'The longest time of one query of an alert rule, unless that of queries is shorter. Grafana gives up after 30 seconds.'
        )}
      />
      <TextSetting
        form={form}
        name="apiUrl"
        help={t('config.api-url-help', 'Only for tests and proxies: an https URL, or http to this machine.')}
        placeholder={API_URL}
      />
      <TextSetting
        form={form}
        name="caCertificate"
        multiline
        help={t(
          'config.ca-help',
          'Certificates in PEM to trust in addition to the system’s, for a proxy that intercepts TLS; or the absolute path of a file with them on the Grafana server.'
        )}
        placeholder="-----BEGIN CERTIFICATE-----"
      />
    </ConfigSection>
  );
}
