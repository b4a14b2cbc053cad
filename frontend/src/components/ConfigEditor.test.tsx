import type { DataSourceSettings } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { Secrets, Settings } from '../settings';
import { ConfigEditor } from './ConfigEditor';

function show(changed: Partial<DataSourceSettings<Settings, Secrets>> = {}) {
  const onOptionsChange = jest.fn();
  const options = { jsonData: {}, secureJsonFields: {}, ...changed } as DataSourceSettings<Settings, Secrets>;
  render(<ConfigEditor options={options} onOptionsChange={onOptionsChange} />);
  return { onOptionsChange, user: userEvent.setup() };
}

describe('ConfigEditor', () => {
  it('takes the organization', async () => {
    const { user, onOptionsChange } = show();
    await user.type(screen.getByLabelText(/^Organization ID/), 'a');
    expect(onOptionsChange).toHaveBeenCalledWith(expect.objectContaining({ jsonData: { organizationId: 'a' } }));
  });

  it('says what an id looks like', () => {
    show({ jsonData: { organizationId: 'acme' } });
    expect(screen.getByText(/A UUID, such as/)).toBeInTheDocument();
  });

  it('never shows a stored key, and can replace it', async () => {
    const { user, onOptionsChange } = show({ secureJsonFields: { secretKey: true } });
    expect(screen.getByLabelText(/^Secret key/)).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Reset' }));
    expect(onOptionsChange).toHaveBeenCalledWith(
      expect.objectContaining({ secureJsonFields: { secretKey: false }, secureJsonData: { secretKey: '' } })
    );
  });

  it('tells an access key from a secret key', () => {
    show({ secureJsonData: { secretKey: 'SCW00000000000000000' } });
    expect(screen.getByText(/This is the access key/)).toBeInTheDocument();
  });

  it('shows regions however they were provisioned', () => {
    show({ jsonData: { regions: 'pl-waw' } });
    expect(screen.getAllByText('pl-waw').length).toBeGreaterThan(0);
  });

  it('names the permission sets to grant', () => {
    show();
    expect(screen.getByText(/AuditTrailReadOnly .* IAMReadOnly/)).toBeInTheDocument();
  });
});
