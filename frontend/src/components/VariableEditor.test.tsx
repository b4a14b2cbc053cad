import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource } from '../test/fakes';
import { VariableEditor } from './VariableEditor';

describe('VariableEditor', () => {
  it('lists the values of a column', async () => {
    const onChange = jest.fn();
    // Grafana hands a new variable's query over as an empty text.
    const query = '' as unknown as AuditQuery;
    render(<VariableEditor datasource={fakeDataSource()} query={query} onChange={onChange} onRunQuery={jest.fn()} />);
    expect(screen.getByRole('status')).toHaveTextContent('The distinct values of principal: all events.');
    const user = userEvent.setup();
    await user.click(screen.getByRole('combobox', { name: /^Values of/ }));
    await user.keyboard('region');
    await user.click(await screen.findByRole('option', { name: 'region' }));
    expect(onChange).toHaveBeenCalledWith(
      expect.objectContaining({ refId: 'Variable', queryType: 'values', column: 'region' })
    );
  });

  it('removes a condition', async () => {
    const onChange = jest.fn();
    const filters = [{ key: 'mfa', operator: '=' as const, value: '(none)' }];
    const query = { refId: 'Variable', queryType: 'values' as const, column: 'country', filters };
    render(<VariableEditor datasource={fakeDataSource()} query={query} onChange={onChange} onRunQuery={jest.fn()} />);
    expect(screen.getByRole('status')).toHaveTextContent(
      'The distinct values of country: events where second factor is not set.'
    );
    await userEvent.setup().click(screen.getByRole('button', { name: 'Remove condition' }));
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ column: 'country', filters: undefined }));
  });
});
