import { Box, Icon, Stack, Text } from '@grafana/ui';
import React from 'react';

import { columnOf } from '../columns';
import { operand } from '../conditions';
import { withFieldLabels } from '../labels';
import { VERSION, type AuditQuery } from '../query';
import type { AuditSource } from '../source';
import { t } from '../translation';
import { useAnswer } from './useAnswer';

/** The parts of a valid query that the backend checks, with the dashboard's variables replaced. */
function named(datasource: AuditSource, asked: Pick<AuditQuery, 'scope' | 'filters'>) {
  const { scope, filters, emptyVariables } = datasource.applyTemplateVariables({ refId: 'Check', ...asked }, {}, []);
  const { kinds, products, services, methods, resourceTypes, principals } = scope ?? {};
  const conditions = (filters ?? []).filter(
    ({ key, operator }) => columnOf(key)?.catalogued && ['one', 'several'].includes(operand(operator))
  );
  if (
    ![products, services, methods, resourceTypes, principals, conditions, emptyVariables].some((names) => names?.length)
  ) {
    return undefined;
  }
  const names = { kinds, products, services, methods, resourceTypes, principals };
  return { version: VERSION, queryType: 'counts' as const, scope: names, filters: conditions, emptyVariables };
}

function useCheck({ datasource, scope, filters, alerting = false }: Props): string[] {
  const query = named(datasource, { scope, filters });
  const question = query && JSON.stringify([query, alerting]);
  const check = useAnswer(datasource, question, async () => query && datasource.resources.check(query, alerting));
  if (!check) {
    return [];
  }
  // Elsewhere Grafana shows the error as the query's answer.
  return check.error && alerting ? [check.error, ...check.warnings] : check.warnings;
}

interface Props {
  datasource: AuditSource;
  scope: AuditQuery['scope'];
  filters: AuditQuery['filters'];
  alerting?: boolean;
}

/** Warnings about a query: a misspelt name never matches an event. */
export function Warnings(props: Props) {
  const texts = useCheck(props);
  return (
    <div aria-live="polite" data-testid="audit-warnings">
      {texts.map((text) => (
        <Box key={text} paddingX={1}>
          <Stack gap={0.5} alignItems="center">
            <Text color="warning">
              <Icon name="exclamation-triangle" size="sm" title={t('warnings.label', 'Warning')} />
            </Text>
            <Text color="warning" variant="bodySmall">
              {withFieldLabels(text)}
            </Text>
          </Stack>
        </Box>
      ))}
    </div>
  );
}
