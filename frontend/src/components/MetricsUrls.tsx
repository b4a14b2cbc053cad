import { Alert, Box, Button, Field, Stack } from '@grafana/ui';
import React, { useEffect, useId, useRef, useState } from 'react';

import { settingLabel, withSettingLabels } from '../labels';
import type { FoundUrl } from '../resources';
import { isMetricsUrl, listOf } from '../settings';
import { storedResources } from '../storedResources';
import { t } from '../translation';
import type { Option } from '../values';
import { Choices } from './Choice';
import { KeepTyped } from './KeepTyped';
import { WIDTH } from './SettingFields';

const NO_OPTIONS: Option[] = [];

interface Props {
  /** The data source, as it is stored. */
  uid: string;
  readOnly?: boolean;
  urls: string[];
  onChange: (urls: string[]) => void;
}

/** The URLs of Cockpit's data sources of metrics, and the search for them. */
export function MetricsUrls({ uid, readOnly, urls, onChange }: Props) {
  const id = useId();
  const change = (changed: string[]) => onChange(listOf(changed));
  const isWrong = urls.some((url) => !url.includes('$') && !isMetricsUrl(url));
  return (
    <>
      <Field
        label={settingLabel('cockpitUrls')}
        description={t(
          'config.cockpit-urls-help',
          'In the console under Cockpit, Data sources: the URL of Scaleway Metrics, one for each project and region. Where one token is not valid for all of them, each can have its own.'
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
      {!readOnly && <UrlSearch uid={uid} onFound={(found) => change([...urls, ...found])} />}
    </>
  );
}

interface SearchProps {
  uid: string;
  onFound: (urls: string[]) => void;
}

type Found = Awaited<ReturnType<ReturnType<typeof storedResources>['metricsUrls']>>;

/** Asks Cockpit's API for the URLs, with the key of the data source as it is stored. Only a save makes them settings. */
function UrlSearch({ uid, onFound }: SearchProps) {
  const [isSearching, setSearching] = useState(false);
  const [found, setFound] = useState<Found>();
  const [failure, setFailure] = useState<string>();
  // The form may change while the answer is on its way.
  const fillIn = useRef(onFound);
  useEffect(() => {
    fillIn.current = onFound;
  });
  const search = async () => {
    setSearching(true);
    setFailure(undefined);
    setFound(undefined);
    try {
      const answer = await storedResources(uid).metricsUrls();
      setFound(answer);
      if (answer.urls.length) {
        fillIn.current(answer.urls.map(({ url }) => url));
      }
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setSearching(false);
    }
  };
  return (
    <Box marginBottom={2}>
      <Stack direction="column" gap={1} alignItems="flex-start">
        <Button
          variant="secondary"
          icon={isSearching ? 'spinner' : 'search'}
          disabled={isSearching}
          onClick={search}
          tooltip={t(
            'config.cockpit-find-help',
            'Asks Cockpit’s API with the saved organization, regions and key, which needs the permission set ObservabilityReadOnly. Nothing is used before you save.'
          )}
        >
          {t('config.cockpit-find', 'Find URLs')}
        </Button>
        <div aria-live="polite">
          {found && <Answer {...found} />}
          {failure && (
            <Alert severity="error" title={t('config.cockpit-find-failed', 'The URLs could not be listed')}>
              {withSettingLabels(failure)}
            </Alert>
          )}
        </div>
      </Stack>
    </Box>
  );
}

/** What was found, and what was not searched. */
function Answer({ urls, notices }: Found) {
  return (
    <>
      {urls.length > 0 ? (
        <>
          <p>
            {t('config.cockpit-found', 'Filled in above. Remove those that are not to be read, add tokens, and save:')}
          </p>
          <ul style={{ paddingLeft: 24 }}>
            {urls.map((found) => (
              <li key={found.url}>{described(found)}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>{t('config.cockpit-none-found', 'No URL was found.')}</p>
      )}
      {notices.length > 0 && (
        <Alert severity="warning" title={t('config.cockpit-not-searched', 'Not everything was searched')}>
          {notices.map((notice, index) => (
            <div key={index}>{notice}</div>
          ))}
        </Alert>
      )}
    </>
  );
}

function described({ url, region, project, name }: FoundUrl): string {
  return t('config.cockpit-found-url', '{{name}} of project {{project}} in {{region}}: {{host}}', {
    name,
    project: project.name ?? project.id,
    region,
    host: new URL(url).host,
  });
}

/** The message of a refused call, as the backend has it. */
function messageOf(error: unknown): string {
  const { data, message } = (error ?? {}) as { data?: { message?: unknown }; message?: unknown };
  return String(data?.message ?? message ?? error);
}
