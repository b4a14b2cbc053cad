import { type DataFrame, FieldType } from '@grafana/data';
import { act, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource } from '../test/fakes';
import { SigmaField } from './SigmaField';

configure({ defaultHidden: true });

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual('../test/editor').FakeEditor,
}));

/** Matches over time, among so many events. */
const number = (values: number[], events = 1204): DataFrame => ({
  meta: { custom: { events } },
  fields: [
    { name: 'time', type: FieldType.time, config: {}, values: values.map((_, i) => 1_700_000_000_000 + i) },
    { name: 'value', type: FieldType.number, config: {}, values },
  ],
  length: values.length,
});

async function show(sigma?: string, matches: DataFrame[] = [number([1, 0, 2])]) {
  const datasource = fakeDataSource();
  datasource.ask = jest.fn(async () => matches);
  const onChange = jest.fn();
  function Panel() {
    const [query, setQuery] = useState<AuditQuery>({
      refId: 'A',
      queryType: 'detections',
      scope: { status: ['denied'] },
      levels: ['high'],
      sigma,
    });
    const change = (sigma: string | undefined) => {
      onChange(sigma);
      setQuery({ ...query, sigma });
    };
    return <SigmaField datasource={datasource} query={query} onChange={change} />;
  }
  render(<Panel />);
  await act(async () => undefined);
  const text = screen.getByRole('textbox', { name: 'Own rule' });
  return { datasource, onChange, text, state: screen.getByTestId('audit-sigma-state'), user: userEvent.setup() };
}

describe('the text of rules', () => {
  it('is stored when the field is left, and removed when it is empty', async () => {
    const { onChange, text, user } = await show();
    await user.type(text, 'title: A');
    expect(onChange).not.toHaveBeenCalled();
    await user.tab();
    expect(onChange.mock.calls).toEqual([['title: A']]);
    fireEvent.blur(text);
    expect(onChange).toHaveBeenCalledTimes(1);
    await user.clear(text);
    await user.tab();
    expect(onChange.mock.calls[1]).toEqual([undefined]);
  });

  it('has the number of its matches among the events of the query', async () => {
    const { datasource, state } = await show('title: A');
    await waitFor(() => expect(state).toHaveTextContent('Matches 3 of the last 1,204 events'));
    const asked = jest.mocked(datasource.ask).mock.calls.map(([query]) => query);
    const shared = { refId: 'A', version: 1, scope: { status: ['denied'] } };
    expect(asked).toEqual([
      expect.objectContaining({ ...shared, queryType: 'detections', show: 'counts', sigma: 'title: A' }),
    ]);
    expect(asked[0].levels).toBeUndefined();
  });

  it('has matches of a text that is not stored yet, once no key is pressed', async () => {
    const { datasource, text, state, onChange, user } = await show();
    await user.type(text, 'title: B');
    await waitFor(() => expect(state).toHaveTextContent('Matches 3'));
    expect(datasource.postResource).toHaveBeenLastCalledWith(
      'detections/check',
      { sigma: 'title: B', besideShipped: false },
      expect.anything()
    );
    const counted = jest.mocked(datasource.ask).mock.calls.flatMap(([{ sigma }]) => sigma ?? []);
    expect(counted[counted.length - 1]).toBe('title: B');
    expect(onChange).not.toHaveBeenCalled();
  });

  it('has its errors with their lines, and is not counted', async () => {
    const { datasource, text, state, user } = await show();
    const problems = [
      { source: 'sigma', line: 4, rule: 'A', message: 'the field is "metod_name"' },
      { line: null, message: 'no title' },
    ];
    jest.mocked(datasource.postResource).mockResolvedValue({ problems });
    await user.type(text, 'x');
    await waitFor(() => expect(state).toHaveTextContent(/^A, line 4: the field is "metod_name"/));
    expect(state).toHaveTextContent('no title');
    expect(state).not.toHaveTextContent('Matches');
    expect(datasource.ask).not.toHaveBeenCalled();
  });

  it('matches 0 events, which is not unknown', async () => {
    const { state } = await show('title: A', [number([0])]);
    await waitFor(() => expect(state).toHaveTextContent('Matches 0 of the last 1,204 events'));
  });

  it('has no number where events may be missing', async () => {
    const frame = { fields: [], length: 0, meta: { notices: [{ severity: 'warning' as const, text: 'n' }] } };
    const { datasource, state } = await show('title: A', [frame]);
    await waitFor(() => expect(datasource.ask).toHaveBeenCalledTimes(1));
    await act(async () => undefined);
    expect(state).toBeEmptyDOMElement();
  });

  it('is neither checked nor counted while it is empty', async () => {
    const { datasource } = await show('  ');
    await act(async () => undefined);
    expect(datasource.postResource).not.toHaveBeenCalled();
    expect(datasource.ask).not.toHaveBeenCalled();
  });
});
