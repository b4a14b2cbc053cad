import { CoreApp } from '@grafana/data';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource } from '../test/fakes';
import { QueryEditor } from './QueryEditor';

async function show(query: Partial<AuditQuery> = {}, app?: CoreApp, variables = {}) {
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

describe('QueryEditor', () => {
  it('shows a new query with its defaults, and says what it asks', async () => {
    await show();
    expect(screen.getByRole('radio', { name: 'Counts' })).toBeChecked();
    expect(screen.getByRole('status')).toHaveTextContent('How many there are over time, for each result: all events.');
  });

  it('stores what it shows in a new alert rule', async () => {
    const { onChange, onRunQuery } = await show({}, CoreApp.UnifiedAlerting);
    expect(onChange).toHaveBeenCalledWith({ refId: 'A', version: 1, queryType: 'counts', over: 'total' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('changes no query by being opened elsewhere', async () => {
    const { onChange, onRunQuery } = await show({ queryType: 'events' }, CoreApp.PanelEditor);
    expect(onChange).not.toHaveBeenCalled();
    expect(onRunQuery).not.toHaveBeenCalled();
  });

  it('asks another question', async () => {
    const { user, onChange, onRunQuery } = await show();
    await user.click(screen.getByRole('radio', { name: 'Overlay' }));
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ queryType: 'annotations', overlay: true }));
    expect(onRunQuery).toHaveBeenCalled();
  });

  it('offers marks only where they can be drawn', async () => {
    await show({}, CoreApp.Explore);
    expect(screen.queryByRole('radio', { name: 'Overlay' })).not.toBeInTheDocument();
  });

  it('offers products and variables', async () => {
    const { user, onChange } = await show({ queryType: 'events' }, CoreApp.PanelEditor, { product: 'iam' });
    await user.click(screen.getByRole('combobox', { name: 'Products' }));
    expect(await screen.findByRole('option', { name: /\$product/ })).toBeInTheDocument();
    await user.click(await screen.findByRole('option', { name: /IAM/ }));
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ scope: { products: ['iam'] } }));
  });

  it('finds principals while typing, by id where a name is not unique', async () => {
    const { user, onChange, datasource } = await show({ queryType: 'events' });
    await user.click(screen.getByRole('combobox', { name: /^Who/ }));
    await user.keyboard('twin');
    await user.click((await screen.findAllByRole('option', { name: /twin@example.com \(a0000000\)/ }))[0]);
    expect(datasource.getResource).toHaveBeenCalledWith('principals', { query: 'twin' }, expect.anything());
    expect(onChange).toHaveBeenCalledWith(
      expect.objectContaining({ scope: { principals: ['a0000000-0000-4000-8000-000000000002'] } })
    );
  });

  it('shows stored ids by name', async () => {
    await show({ queryType: 'events', scope: { resourceIds: ['b0000000-0000-4000-8000-000000000001'] } });
    expect((await screen.findAllByText(/web-1/)).length).toBeGreaterThan(0);
  });

  it('refuses a limit that is none, and takes a variable', async () => {
    const { user, onChange } = await show({ queryType: 'events' });
    const limit = screen.getByLabelText(/^Limit/);
    await user.type(limit, '0{Enter}');
    expect(screen.getByText(/A whole number from 1 to/)).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
    await user.clear(limit);
    await user.type(limit, '$limit{Enter}');
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ limit: '$limit' }));
  });

  it('takes a filter away', async () => {
    const filters = [{ key: 'product', operator: '!=' as const, value: 'iam' }];
    const { user, onChange } = await show({ queryType: 'events', filters });
    await user.click(screen.getByText('product is not iam'));
    await waitFor(() => expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ filters: undefined })));
  });
});
