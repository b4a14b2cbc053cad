import { Box, Icon, Stack, Text } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { columnOf } from '../columns';
import { operand } from '../conditions';
import { withFieldLabels } from '../labels';
import { VERSION, type AuditQuery } from '../query';
import type { Check } from '../resources';
import type { AuditSource } from '../source';

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
  const [checked, setChecked] = useState<{ of: string; check: Check }>();
  const query = named(datasource, { scope, filters });
  const asked = query && JSON.stringify([query, alerting]);
  useEffect(() => {
    if (!query || !asked) {
      return;
    }
    let left = false;
    datasource.resources
      .check(query, alerting)
      .then((check) => !left && setChecked({ of: asked, check }))
      // Without an answer nothing is known to be wrong; what the query answers says what fails.
      .catch(() => undefined);
    return () => {
      left = true;
    };
    // `asked` stands for the query.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [datasource, asked]);
  if (!checked || checked.of !== asked) {
    return [];
  }
  const { error, warnings } = checked.check;
  // Elsewhere Grafana shows the error as the query's answer.
  return error && alerting ? [error, ...warnings] : warnings;
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
              <Icon name="exclamation-triangle" size="sm" />
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
