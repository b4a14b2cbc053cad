import { DataSourcePlugin } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';

import manifest from '../../plugin.json';
import { ConfigEditor } from './components/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { AuditDataSource } from './datasource';
import { setLanguage } from './language';
import { texts } from './locales';
import type { AuditQuery } from './query';
import type { Secrets, Settings } from './settings';

setLanguage((await initPluginTranslations(manifest.id, [texts])).language);

export const plugin = new DataSourcePlugin<AuditDataSource, AuditQuery, Settings, Secrets>(AuditDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
