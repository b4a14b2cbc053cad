import { CoreApp } from '@grafana/data';
import { configure, render, screen, waitFor, within } from '@testing-library/react';
import React from 'react';

import { fakeDataSource, RULES } from '../test/fakes';
import { showQuery } from '../test/queryEditor';
import { QueryEditor } from './QueryEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual('../test/editor').FakeEditor,
}));

describe('QueryEditor of detections', () => {
  const [deleted, denied] = RULES;

  it('picks rules by title, and has their level and description beside it', async () => {
    const { user, onChange } = await showQuery({ queryType: 'detections' });
    await user.click(screen.getByRole('combobox', { name: /^Rules/ }));
    const option = await screen.findByRole('option', { name: /^Audit trail export deleted/ });
    expect(option).toHaveTextContent(/high · Deletes an export of the trail, which hides what follows\.$/);
    expect(screen.getByRole('option', { name: /^Undescribed/ })).toHaveTextContent('low · team/denied.yml');
    await user.click(option);
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ queryType: 'detections', ruleIds: [deleted.id] })
    );
  });

  it('has what the picked rules are, and names those that are gone', async () => {
    const gone = 'd0000000-0000-4000-8000-00000000000f';
    const query = { queryType: 'detections' as const, ruleIds: [denied.id, gone, '$rule', 'named'] };
    const { datasource } = await showQuery(query, CoreApp.PanelEditor, { rule: 'x' });
    const details = screen.getByTestId('audit-rules');
    await waitFor(() => expect(within(details).getAllByRole('listitem')).toHaveLength(1));
    expect(details).toHaveTextContent(
      'Many denied calls medium · More than 20 denied calls in five minutes. · team/denied.yml'
    );
    expect(details).toHaveTextContent('attack.t1526');
    expect(jest.mocked(datasource.getResource).mock.calls.filter(([path]) => path === 'detections')).toHaveLength(1);
    expect(within(details).getByText(`No rule has the id ${gone}.`)).toBeInTheDocument();
    expect(details).not.toHaveTextContent(/\$rule|named/);
    expect(screen.getByRole('status')).toHaveTextContent(
      `rules where the rule is “Many denied calls”, “${gone}”, “$rule” or “named”`
    );
  });

  it('has the errors in the texts of other rules', async () => {
    const datasource = fakeDataSource();
    const problem = { source: 'own.yml', line: 7, message: 'the condition names no selection' };
    jest.mocked(datasource.getResource).mockResolvedValue({ rules: [], problems: [problem] });
    render(
      <QueryEditor
        datasource={datasource}
        query={{ refId: 'A', queryType: 'detections' }}
        onChange={jest.fn()}
        onRunQuery={jest.fn()}
      />
    );
    expect(await screen.findByText('own.yml, line 7: the condition names no selection')).toBeInTheDocument();
  });

  it('picks levels and tags', async () => {
    const { user, onChange } = await showQuery({ queryType: 'detections' });
    await user.click(screen.getByRole('combobox', { name: /^Level/ }));
    await user.click(await screen.findByRole('option', { name: 'informational' }));
    expect(onChange.mock.lastCall[0].levels).toEqual(['informational']);
    await user.click(screen.getByRole('combobox', { name: /^Tags/ }));
    await user.click(await screen.findByRole('option', { name: 'attack.t1562.008' }));
    expect(onChange.mock.lastCall[0].tags).toEqual(['attack.t1562.008']);
  });

  it('lays annotations over a panel', async () => {
    const { user, onChange } = await showQuery({ queryType: 'detections' });
    await user.click(screen.getByRole('combobox', { name: /^As/ }));
    await user.click(await screen.findByRole('option', { name: /^Annotations/ }));
    expect(onChange.mock.lastCall[0]).toMatchObject({ show: 'annotations', overlay: true });
  });

  it('stores rules of its own as they are written', async () => {
    const { user, onChange } = await showQuery({ queryType: 'detections' });
    await user.type(screen.getByRole('textbox', { name: 'Own rule' }), 'a: $b');
    await user.tab();
    expect(onChange.mock.lastCall[0]).toMatchObject({ queryType: 'detections', sigma: 'a: $b' });
  });

  it('has no form under an alert rule, which gets numbers', async () => {
    await showQuery({ queryType: 'detections', levels: ['high'] }, CoreApp.UnifiedAlerting);
    expect(screen.queryByRole('combobox', { name: /^As/ })).not.toBeInTheDocument();
    expect(screen.getByRole('combobox', { name: /^Rules/ })).toBeInTheDocument();
  });
});
