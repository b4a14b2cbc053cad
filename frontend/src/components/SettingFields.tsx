import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, Input, SecretInput, Switch, TextArea } from '@grafana/ui';
import React, { type ChangeEvent, type FormEvent, useId } from 'react';

import { settingLabel } from '../labels';
import { isOn, isUuid, limitsOf, type NumberName, type Secrets, type Settings } from '../settings';
import { t } from '../translation';

export type Options = DataSourcePluginOptionsEditorProps<Settings, Secrets>;

/** The settings of a form, and how it changes them. */
export interface Form {
  settings: Settings;
  readOnly?: boolean;
  set: (changed: Partial<Settings>) => void;
}

/** The width of the long fields, in Grafana's units of 8 px. */
export const WIDTH = 60;

/** The error of a text that is not a UUID; a variable of the environment may be in its place. */
export function wrongUuid(text: string | undefined): string | undefined {
  return text && !text.includes('$') && !isUuid(text)
    ? t('config.uuid', 'A UUID, such as 11111111-2222-3333-4444-555555555555')
    : undefined;
}

interface TextProps {
  form: Form;
  name: 'organizationId' | 'projectId' | 'apiUrl' | 'cacheDirectory' | 'caCertificate' | 'detectionFolder';
  help: string;
  required?: boolean;
  placeholder: string;
  /** The error of a text, if it has one. */
  wrong?: (text: string | undefined) => string | undefined;
  /** Whether the text has several lines. */
  multiline?: boolean;
}

/** A setting that is a text. */
export function TextSetting({ form, name, help, required, placeholder, wrong, multiline }: TextProps) {
  const id = useId();
  const error = wrong?.(form.settings[name]);
  const shared = {
    id,
    placeholder,
    disabled: form.readOnly,
    value: form.settings[name] ?? '',
    onChange: (event: FormEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      form.set({ [name]: event.currentTarget.value || undefined }),
  };
  return (
    <Field
      required={required}
      label={settingLabel(name)}
      description={help}
      htmlFor={id}
      invalid={Boolean(error)}
      error={error}
    >
      {multiline ? <TextArea {...shared} rows={4} cols={64} /> : <Input {...shared} width={WIDTH} />}
    </Field>
  );
}

interface NumberProps {
  form: Form;
  name: NumberName;
  help: string;
}

/** A setting that is a whole number. */
export function NumberSetting({ form, name, help }: NumberProps) {
  const id = useId();
  const { initial, most } = limitsOf(name, form.settings);
  const value = form.settings[name] ?? '';
  const wrong = value !== '' && !(Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= most);
  return (
    <Field
      label={settingLabel(name)}
      description={help}
      htmlFor={id}
      invalid={wrong}
      error={wrong ? t('config.number', 'A whole number from 1 to {{most}}', { most }) : undefined}
    >
      <Input
        id={id}
        type="number"
        min={1}
        max={most}
        width={20}
        disabled={form.readOnly}
        placeholder={String(initial)}
        value={value}
        onChange={(event) => {
          const text = event.currentTarget.value;
          form.set({ [name]: text === '' ? undefined : Number(text) });
        }}
      />
    </Field>
  );
}

interface SwitchProps {
  form: Form;
  name: 'hideFromViewers';
  help: string;
}

/** A setting that is on or off. */
export function SwitchSetting({ form, name, help }: SwitchProps) {
  const id = useId();
  return (
    <Field label={settingLabel(name)} description={help} htmlFor={id}>
      <Switch
        id={id}
        disabled={form.readOnly}
        value={isOn(form.settings[name])}
        onChange={({ currentTarget: { checked } }) => form.set({ [name]: checked || undefined })}
      />
    </Field>
  );
}

/** The secret key of the API key. */
export function SecretKey(props: Options) {
  const wrong = (key: string) =>
    key.startsWith('SCW')
      ? t(
          'config.key-is-access-key',
          'This is the access key. The secret key is a UUID, shown once when the key is made.'
        )
      : wrongUuid(key);
  return (
    <SecretSetting
      {...props}
      name="secretKey"
      required
      help={t(
        'config.secret-key-help',
        'In the console under IAM: create an application; create a policy for it, on the organization, with the permission sets AuditTrailReadOnly and, to see people by name, IAMReadOnly; then create an API key for the application. Its secret key is shown once.'
      )}
      placeholder="11111111-2222-3333-4444-555555555555"
      wrong={wrong}
    />
  );
}

interface SecretProps extends Options {
  name: keyof Secrets;
  help: string;
  required?: boolean;
  placeholder?: string;
  /** The error of a secret, if it has one. */
  wrong: (secret: string) => string | undefined;
}

/** A secret, which Grafana stores encrypted and does not give back. */
export function SecretSetting({ options, onOptionsChange, name, help, required, placeholder, wrong }: SecretProps) {
  const id = useId();
  const { secureJsonData, secureJsonFields, readOnly } = options;
  const isConfigured = Boolean(secureJsonFields?.[name]);
  const secret = secureJsonData?.[name] ?? '';
  const error = wrong(secret);
  const set = (secret: string, changed: Partial<Options['options']> = {}) =>
    onOptionsChange({ ...options, ...changed, secureJsonData: { ...secureJsonData, [name]: secret } });
  const shared = { id, width: WIDTH, placeholder };
  return (
    <Field
      required={required}
      label={settingLabel(name)}
      description={help}
      htmlFor={id}
      invalid={Boolean(error)}
      error={error}
    >
      {/* SecretInput offers to reset a secret even where it is disabled. */}
      {readOnly ? (
        <Input {...shared} disabled value={isConfigured ? t('config.configured', 'configured') : ''} />
      ) : (
        <SecretInput
          {...shared}
          isConfigured={isConfigured}
          value={secret}
          autoComplete="off"
          onChange={(event: ChangeEvent<HTMLInputElement>) => set(event.currentTarget.value.trim())}
          onReset={() => set('', { secureJsonFields: { ...secureJsonFields, [name]: false } })}
        />
      )}
    </Field>
  );
}
