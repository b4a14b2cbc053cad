import { ConfigSection } from '@grafana/plugin-ui';
import { Box, TextLink } from '@grafana/ui';
import React, { useMemo } from 'react';

import { OWN_RULES } from '../documentation';
import { settingLabel } from '../labels';
import { isBelow } from '../settings';
import { storedResources } from '../storedResources';
import { t } from '../translation';
import { RuleEditor } from './RuleEditor';
import { TextSetting, type Form } from './SettingFields';
import { useRuleText } from './useRuleText';

interface Props {
  form: Form;
  /** The data source, as it is stored. */
  uid: string;
  /** How often it was saved, as Grafana counts. */
  version: number | undefined;
}

/** The organization's own rules of detections. */
export function DetectionsSection({ form, ...stored }: Props) {
  const { detectionFolder, detectionRules } = form.settings;
  return (
    <ConfigSection
      title={t('config.detections', 'Detections')}
      description={t('config.detections-help', 'Rules of your own, beside those that the plugin has.')}
      isCollapsible
      isInitiallyOpen={Boolean(detectionFolder || detectionRules)}
    >
      <Box marginBottom={2}>
        <RulesSetting form={form} {...stored} />
      </Box>
      <TextSetting
        form={form}
        name="detectionFolder"
        help={t(
          'config.detection-folder-help',
          'Optional. A folder with such rules on the Grafana server: a path below the root that the server’s administrator has set in Grafana’s configuration (detection_root).'
        )}
        placeholder={t('config.no-folder', 'None: no files are read')}
        wrong={(path) =>
          path && !isBelow(path)
            ? t('config.path-below', 'A path below the root, such as team/rules, without ..')
            : undefined
        }
      />
      <TextLink href={OWN_RULES} external inline={false}>
        {t('config.detections-documentation', 'About your own rules')}
      </TextLink>
    </ConfigSection>
  );
}

/** The text of the rules, checked by the data source as it is stored: one without valid settings cannot do it yet. */
function RulesSetting({ form: { settings, readOnly, set }, uid, version }: Props) {
  const source = useMemo(() => ({ uid, resources: storedResources(uid) }), [uid]);
  const store = (detectionRules: string | undefined) => set({ detectionRules });
  const rules = useRuleText(source, settings.detectionRules, store, { version });
  return (
    <RuleEditor
      label={settingLabel('detectionRules') ?? ''}
      help={t(
        'config.detection-rules-help',
        'Optional. Sigma rules as YAML, several of them with --- between. Errors are named here, and by “Save & test”.'
      )}
      rules={rules}
      known={{ fields: () => source.resources.detectionFields(), values: async () => [] }}
      readOnly={readOnly}
    />
  );
}
