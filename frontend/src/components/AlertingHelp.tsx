import { Box, Text, TextLink } from '@grafana/ui';
import React from 'react';

import { ALERTING } from '../documentation';
import type { AuditQuery } from '../query';
import { t } from '../translation';

interface Props {
  query: AuditQuery;
}

/** The needs of a rule that Grafana's form does not mention. */
export function AlertingHelp({ query }: Props) {
  const grouped = query.queryType === 'counts' && Boolean(query.groupBy?.length);
  return (
    <Box paddingX={1} data-testid="audit-alerting-help">
      <Text color="secondary" variant="bodySmall">
        {t(
          'alerting.range',
          'Events reach the trail some seconds late: under Options, let the range end at the lag, two minutes ago (now-12m to now-2m). Raise both if the data source’s settings have a longer lag.'
        )}{' '}
        {grouped &&
          t(
            'alerting.groups',
            'A group without events is no data, not 0: set “Alert state if no data or all values are null” to Normal.'
          )}{' '}
        <TextLink href={ALERTING} external inline variant="bodySmall">
          {t('alerting.documentation', 'About alert rules')}
        </TextLink>
      </Text>
    </Box>
  );
}
