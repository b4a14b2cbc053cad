import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { LogContext } from './LogContext';

describe('LogContext', () => {
  it('offers the attributes of the line, and queries again for a chosen one', async () => {
    const onChange = jest.fn();
    render(<LogContext contexts={['principal', 'source_ip']} initial="principal" onChange={onChange} />);
    expect(screen.getByRole('radio', { name: 'same principal' })).toBeChecked();
    expect(screen.queryByRole('radio', { name: 'same resource' })).not.toBeInTheDocument();
    await userEvent.setup().click(screen.getByRole('radio', { name: 'same source address' }));
    expect(onChange).toHaveBeenCalledWith('source_ip');
    expect(screen.getByRole('radio', { name: 'same source address' })).toBeChecked();
  });
});
