import { LoadingState, type PanelData } from '@grafana/data';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource, fakeFrame } from '../test/fakes';
import { AnnotationEditor } from './AnnotationEditor';

async function show(query: Partial<AuditQuery> = {}, variables = {}, data?: PanelData) {
  const onChange = jest.fn();
  const datasource = fakeDataSource(variables);
  render(
    <AnnotationEditor
      datasource={datasource}
      query={{ refId: 'Anno', ...query }}
      data={data}
      onChange={onChange}
      onRunQuery={jest.fn()}
    />
  );
  await act(async () => undefined);
  return { onChange, user: userEvent.setup() };
}

describe('AnnotationEditor', () => {
  it('binds to the variable that says what the dashboard shows', async () => {
    const { user, onChange } = await show({ scope: { status: ['denied'] } }, { resource_id: 'r-1', other: 'x' });
    await user.click(screen.getByRole('combobox', { name: /About what this dashboard shows/ }));
    await user.click(await screen.findByRole('option', { name: /\$resource_id/ }));
    expect(onChange).toHaveBeenCalledWith(
      expect.objectContaining({
        queryType: 'annotations',
        scope: { status: ['denied'], resourceIds: ['${resource_id}'] },
      })
    );
  });

  it('says how to get such a variable', async () => {
    await show();
    expect(screen.getByText(/This dashboard has no variable for it/)).toBeInTheDocument();
  });

  it('says what was folded', async () => {
    const frame = fakeFrame('annotations', { time: [1] });
    frame.meta = { notices: [{ severity: 'info', text: '9 of 12 events are folded into 2 marks' }] };
    await show({}, {}, { state: LoadingState.Done, series: [frame] } as unknown as PanelData);
    expect(screen.getByText('9 of 12 events are folded into 2 marks')).toBeInTheDocument();
  });

  it('caps the marks', async () => {
    const { user, onChange } = await show();
    await user.type(screen.getByLabelText(/^At most/), '50{Enter}');
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ cap: 50 }));
  });

  it('asks when it is first shown, and when the data source is another', async () => {
    const onRunQuery = jest.fn();
    const editor = (datasource: ReturnType<typeof fakeDataSource>) => (
      <AnnotationEditor
        datasource={datasource}
        query={{ refId: 'Anno' }}
        onChange={jest.fn()}
        onRunQuery={() => onRunQuery()}
      />
    );
    const [one, other] = [fakeDataSource({}), fakeDataSource({})];
    const { rerender } = render(editor(one));
    await act(async () => rerender(editor(one)));
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    await act(async () => rerender(editor(other)));
    expect(onRunQuery).toHaveBeenCalledTimes(2);
  });
});
