import type { CoreApp } from '@grafana/data';
import { act, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { QueryEditor } from '../components/QueryEditor';
import type { AuditQuery } from '../query';
import { fakeDataSource } from './fakes';

/** Renders the editor of a query, until its pickers have their lists. */
export async function showQuery(query: Partial<AuditQuery> = {}, app?: CoreApp, variables = {}) {
  const [onChange, onRunQuery] = [jest.fn(), jest.fn()];
  const datasource = fakeDataSource(variables);
  render(
    <QueryEditor
      datasource={datasource}
      query={{ refId: 'A', ...query }}
      app={app}
      onChange={onChange}
      onRunQuery={onRunQuery}
    />
  );
  await act(async () => undefined);
  return { datasource, onChange, onRunQuery, user: userEvent.setup() };
}
