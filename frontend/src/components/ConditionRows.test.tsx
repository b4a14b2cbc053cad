import { CoreApp } from '@grafana/data';
import { act, configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { Filter } from '../conditions';
import type { AuditQuery } from '../query';
import { fakeDataSource, fakeFrame } from '../test/fakes';
import { QueryEditor } from './QueryEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

/** An editor in a page that stores what it is given, as Grafana does. */
async function show(filters?: Filter[], variables = {}) {
  const datasource = fakeDataSource(variables);
  jest
    .mocked(datasource.ask)
    .mockImplementation(async ({ queryType }) =>
      queryType === 'values' ? [fakeFrame('values', { text: ['FR', 'DE'], value: ['FR', 'DE'] })] : []
    );
  const stored: { query: AuditQuery; set?: (query: AuditQuery) => void } = {
    query: { refId: 'A', queryType: 'events', filters },
  };
  const onRunQuery = jest.fn();
  const Page = () => {
    const [query, setQuery] = useState(stored.query);
    stored.query = query;
    stored.set = setQuery;
    return (
      <QueryEditor
        datasource={datasource}
        query={query}
        app={CoreApp.Explore}
        onChange={setQuery}
        onRunQuery={onRunQuery}
      />
    );
  };
  render(<Page />);
  await act(async () => undefined);
  return { datasource, onRunQuery, stored, user: userEvent.setup() };
}

type User = ReturnType<typeof userEvent.setup>;

async function addRow(user: User) {
  await user.click(screen.getByRole('button', { name: 'Condition' }));
  await user.click(await screen.findByRole('menuitem', { name: /^Any column/ }));
  return screen.getByRole('group', { name: 'Condition without a value' });
}

async function pick(user: User, row: HTMLElement, field: string, option: string | RegExp) {
  await user.click(within(row).getByRole('combobox', { name: field }));
  if (typeof option === 'string') {
    await user.keyboard(option);
  }
  await user.click(await screen.findByRole('option', { name: option }));
}

describe('ConditionRows', () => {
  it('stores a negated filter when the row is complete', async () => {
    const { user, stored, onRunQuery, datasource } = await show();
    const row = await addRow(user);
    await pick(user, row, 'Column', 'country');
    await pick(user, row, 'Operator', /^!= *is not$/);
    expect(stored.query.filters).toBeUndefined();
    expect(onRunQuery).not.toHaveBeenCalled();
    await pick(user, row, 'Value', 'FR');
    expect(stored.query.filters).toEqual([{ key: 'country', operator: '!=', value: 'FR' }]);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('status')).toHaveTextContent('events where country is not FR');
    expect(datasource.ask).toHaveBeenCalledWith(
      expect.objectContaining({ queryType: 'values', column: 'country', withNone: true }),
      undefined
    );
  });

  it('accepts several values, a custom text and a variable', async () => {
    const { user, stored } = await show([{ key: 'user_agent', operator: '=|', value: 'x', values: ['x'] }], {
      agent: 'y',
    });
    const row = screen.getByRole('group', { name: 'user agent is x' });
    await pick(user, row, 'Value', /\$agent/);
    await user.keyboard('Terraform/1.9');
    await user.click(await screen.findByRole('option', { name: /^Terraform\/1\.9/ }));
    expect(stored.query.filters).toEqual([
      { key: 'user_agent', operator: '=|', value: 'x', values: ['x', '${agent}', 'Terraform/1.9'] },
    ]);
  });

  it.each([
    ['is set', '!='],
    ['is not set', '='],
  ])('filters by whether a column %s', async (name, operator) => {
    const { user, stored } = await show();
    const row = await addRow(user);
    await pick(user, row, 'Column', 'second factor');
    await pick(user, row, 'Operator', name);
    expect(stored.query.filters).toEqual([{ key: 'mfa', operator, value: '(none)' }]);
    const finished = screen.getByRole('group', { name: `second factor ${name}` });
    expect(within(finished).queryByLabelText('Value')).not.toBeInTheDocument();
    expect(within(finished).getByRole('combobox', { name: 'Operator' })).toHaveValue(name);
  });

  it('offers number operators for the status code only', async () => {
    const { user, stored } = await show();
    const row = await addRow(user);
    await pick(user, row, 'Column', 'country');
    await user.click(within(row).getByRole('combobox', { name: 'Operator' }));
    expect(await screen.findByRole('option', { name: /^!~/ })).toBeInTheDocument();
    expect(screen.queryByRole('option', { name: /^[<>]/ })).not.toBeInTheDocument();
    await user.keyboard('{Escape}');
    await pick(user, row, 'Column', 'status code');
    await pick(user, row, 'Operator', /^>= /);
    const value = within(row).getByLabelText('Value');
    await user.type(value, 'many{Enter}');
    expect(value).toBeInvalid();
    expect(value).toHaveAttribute('title', 'A number, such as 400, or a variable');
    expect(within(row).getByRole('alert')).toHaveTextContent('A number, such as 400, or a variable');
    expect(stored.query.filters).toBeUndefined();
    await user.clear(value);
    await user.type(value, '400{Enter}');
    expect(stored.query.filters).toEqual([{ key: 'status', operator: '>=', value: '400' }]);
  });

  it('stores a pattern when the field loses focus', async () => {
    const { user, stored } = await show();
    const row = await addRow(user);
    await pick(user, row, 'Column', 'method');
    await pick(user, row, 'Operator', /^=~/);
    await user.type(within(row).getByLabelText('Value'), 'Delete.*');
    expect(stored.query.filters).toBeUndefined();
    await user.tab();
    expect(stored.query.filters).toEqual([{ key: 'method', operator: '=~', value: 'Delete.*' }]);
  });

  it('stores a typed value when the field loses focus', async () => {
    const { user, stored, onRunQuery } = await show([
      { key: 'country', operator: '!=', value: 'DE' },
      { key: 'mfa', operator: '=|', value: 'x', values: ['x'] },
    ]);
    const [country, mfa] = screen.getAllByLabelText('Value');
    await user.click(country);
    await user.tab();
    expect(onRunQuery).not.toHaveBeenCalled();
    await user.click(country);
    await user.keyboard(' NL ');
    await user.click(mfa);
    await user.keyboard('y');
    await user.tab();
    expect(stored.query.filters).toEqual([
      { key: 'country', operator: '!=', value: 'NL' },
      { key: 'mfa', operator: '=|', value: 'x', values: ['x', 'y'] },
    ]);
    expect(country).toHaveValue('NL');
  });

  it('removes a condition, and the filters with the last one', async () => {
    const { user, stored } = await show([
      { key: 'product', operator: '!=', value: 'iam' },
      { key: 'country', operator: '=', value: '' },
    ]);
    const first = screen.getByRole('group', { name: 'product is not iam' });
    await user.click(within(first).getByRole('button', { name: 'Remove condition' }));
    expect(stored.query.filters).toEqual([{ key: 'country', operator: '=', value: '(none)' }]);
    await user.click(screen.getByRole('button', { name: 'Remove condition' }));
    expect(stored.query.filters).toBeUndefined();
    expect(screen.queryByRole('group')).not.toBeInTheDocument();
  });

  it('shows a filter that a click on a line’s value added, beside an incomplete row', async () => {
    const { user, stored } = await show([{ key: 'product', operator: '=', value: 'iam' }]);
    await addRow(user);
    const added: Filter = { key: 'method', operator: '=', value: 'CreateAPIKey' };
    act(() => stored.set?.({ ...stored.query, filters: [...(stored.query.filters ?? []), added] }));
    expect(screen.getAllByRole('group').map((group) => group.getAttribute('aria-label'))).toEqual([
      'product is iam',
      'method is CreateAPIKey',
      'Condition without a value',
    ]);
  });

  it('accepts text when the values cannot be fetched', async () => {
    const { user, stored, datasource } = await show();
    jest.mocked(datasource.ask).mockRejectedValue(new Error('no region answers'));
    const row = await addRow(user);
    await pick(user, row, 'Column', 'country');
    await user.click(within(row).getByRole('combobox', { name: 'Value' }));
    await user.keyboard('NL');
    await user.click(await screen.findByRole('option', { name: /^NL/ }));
    expect(stored.query.filters).toEqual([{ key: 'country', operator: '=', value: 'NL' }]);
  });

  it('shows a stored operator that its column does not allow', async () => {
    await show([{ key: 'method', operator: '<', value: '4' }]);
    const row = screen.getByRole('group', { name: 'method is less than 4' });
    expect(within(row).getByRole('combobox', { name: 'Operator' })).toHaveValue('<');
  });

  it('is reached with the keyboard alone', async () => {
    const { user, stored } = await show();
    act(() => screen.getByRole('button', { name: 'Condition' }).focus());
    await user.keyboard('{Enter}');
    const item = await screen.findByRole('menuitem', { name: /^Any column/ });
    act(() => item.focus());
    await user.keyboard('{Enter}');
    const row = screen.getByRole('group', { name: 'Condition without a value' });
    await waitFor(() => expect(within(row).getByRole('combobox', { name: 'Column' })).toHaveFocus());
    await user.keyboard('second{Enter}');
    await user.tab();
    expect(within(row).getByRole('combobox', { name: 'Operator' })).toHaveFocus();
    await user.keyboard('{ArrowDown}is set{Enter}');
    expect(stored.query.filters).toEqual([{ key: 'mfa', operator: '!=', value: '(none)' }]);
  });
});
