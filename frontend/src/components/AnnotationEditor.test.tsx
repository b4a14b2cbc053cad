import { LoadingState, type PanelData } from '@grafana/data';
import { act, configure, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource, fakeFrame, RULES } from '../test/fakes';
import { AnnotationEditor } from './AnnotationEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual('../test/editor').FakeEditor,
}));

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
  it('binds to the variable of the dashboard’s resource', async () => {
    const { user, onChange } = await show({ scope: { status: ['denied'] } }, { resource_id: 'r-1', other: 'x' });
    await user.click(screen.getByRole('combobox', { name: /^Follow variables/ }));
    await user.click(await screen.findByRole('option', { name: /\$resource_id/ }));
    expect(onChange).toHaveBeenCalledWith(
      expect.objectContaining({
        queryType: 'annotations',
        scope: { status: ['denied'], resourceIds: ['${resource_id}'] },
      })
    );
  });

  it('follows the dashboard’s variable in a new annotation, and says so', async () => {
    const own = { limit: 100, type: 'dashboard', tags: [], matchAny: false };
    const { onChange } = await show(own as Partial<AuditQuery>, { resource_id: 'r-1', region: 'fr-par' });
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(onChange).toHaveBeenCalledWith({
      refId: 'Anno',
      version: 1,
      queryType: 'annotations',
      relevance: 'important',
      scope: { resourceIds: ['${resource_id}'] },
    });
  });

  it('says what a stored annotation follows, until that is removed', async () => {
    const scope = { resourceIds: ['${resource_id}'], status: ['denied'] };
    const { user, onChange } = await show({ queryType: 'annotations', scope }, { resource_id: 'r-1' });
    expect(onChange).not.toHaveBeenCalled();
    const note = screen.getByTestId('audit-binding');
    expect(note).toHaveTextContent('Events about $resource_id, as the dashboard’s variables choose.');
    await user.click(within(note).getByRole('button', { name: 'All events' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ scope: { status: ['denied'] } }));
  });

  it.each([{ version: 1 }, { scope: {} }, { relevance: 'important' as const }])(
    'does not change a stored annotation: %j',
    async (stored) => {
      const { onChange } = await show(stored, { resource_id: 'r-1' });
      expect(onChange).not.toHaveBeenCalled();
    }
  );

  it('explains the binding in a dashboard without such a variable', async () => {
    await show({}, { other: 'x' });
    expect(screen.queryByRole('combobox', { name: /^Follow variables/ })).not.toBeInTheDocument();
    expect(screen.getByText(/With a variable named resource_id, .* these annotations can follow/)).toBeInTheDocument();
    screen.getAllByRole('combobox').forEach((field) => expect(field).toBeEnabled());
  });

  it('begins with the resource', async () => {
    await show({}, { resource_id: 'r-1' });
    const labels = screen.getAllByRole('combobox').map((field) => (field as HTMLInputElement).labels?.[0]?.textContent);
    expect(labels.slice(0, 3)).toEqual(['Resource', 'Follow variables', 'Who']);
  });

  it('bounds Grafana’s table of the first annotation to the window', async () => {
    await show();
    const rules = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules] as CSSStyleRule[]);
    const editor = screen.getByTestId('audit-annotation-editor');
    const selectors = [...editor.classList].map((name) => `*:has(.${name})>table td`);
    const [rule] = rules.filter(({ selectorText }) => selectors.includes(selectorText));
    expect(rule.style.getPropertyValue('white-space')).toBe('pre-line');
  });

  it('selects all events with one click', async () => {
    const filters = [{ key: 'user_agent', operator: '!~' as const, value: 'Terraform.*' }];
    const { user, onChange } = await show({ scope: { severities: ['high'] }, filters, cap: 9 });
    await user.click(screen.getByRole('button', { name: 'Everything' }));
    expect(onChange).toHaveBeenCalledWith({
      refId: 'Anno',
      version: 1,
      queryType: 'annotations',
      scope: {},
      filters: undefined,
      cap: 9,
    });
  });

  it('hides Everything when all events are selected', async () => {
    await show({ scope: {} });
    expect(screen.getByRole('button', { name: 'Everything' })).toHaveAttribute('aria-disabled', 'true');
  });

  it('removes a condition', async () => {
    const filters = [{ key: 'user_agent', operator: '!~' as const, value: 'Terraform.*' }];
    const { user, onChange } = await show({ scope: {}, filters });
    const row = screen.getByRole('group', { name: 'user agent does not match Terraform.*' });
    await user.click(within(row).getByRole('combobox', { name: 'Operator' }));
    await user.click(await screen.findByRole('option', { name: /^!= / }));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ filters: [{ key: 'user_agent', operator: '!=', value: 'Terraform.*' }] })
    );
  });

  it('uses the colors of severity unless they are off', async () => {
    const { user, onChange } = await show();
    const colors = screen.getByRole('switch', { name: /^Severity colors/ });
    expect(colors).toBeChecked();
    await user.click(colors);
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ severityColors: false }));
  });

  it('turns the colors of severity on again', async () => {
    const { user, onChange } = await show({ severityColors: false });
    const colors = screen.getByRole('switch', { name: /^Severity colors/ });
    expect(colors).not.toBeChecked();
    await user.click(colors);
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ severityColors: undefined }));
  });

  it('clusters near events, or only beyond the limit', async () => {
    const { user, onChange } = await show({ version: 1 });
    const cluster = screen.getByRole('combobox', { name: /^Clusters/ });
    expect(cluster).toHaveValue('Events close together');
    await user.click(cluster);
    await user.click(await screen.findByRole('option', { name: /^Only beyond the limit/ }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ cluster: 'overflow' }));
  });

  it('shows what matters until everything is asked for', async () => {
    const { user, onChange } = await show();
    expect(screen.getByRole('combobox', { name: /^Show/ })).toHaveValue('What matters');
    await user.click(screen.getByRole('button', { name: 'Everything' }));
    expect(onChange.mock.lastCall[0].relevance).toBeUndefined();
    expect(onChange.mock.lastCall[0].scope).toEqual({});
  });

  it('has annotations of the matches of rules, which the query says', async () => {
    const { user, onChange } = await show({ version: 1, scope: { regions: ['fr-par'] } });
    await user.click(screen.getByRole('combobox', { name: /^Annotations of/ }));
    await user.click(await screen.findByRole('option', { name: 'Matches of rules' }));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ queryType: 'detections', show: 'annotations', scope: { regions: ['fr-par'] } })
    );
  });

  it('picks the rules whose matches have annotations', async () => {
    const { user, onChange } = await show({ queryType: 'detections', tags: ['attack.t1526'] });
    expect(screen.getByRole('status')).toHaveTextContent(
      'Annotations of the matches of detection rules where a tag is'
    );
    expect(screen.queryByRole('combobox', { name: /^As/ })).not.toBeInTheDocument();
    await user.click(screen.getByRole('combobox', { name: /^Rules/ }));
    await user.click(await screen.findByRole('option', { name: /^Many denied calls/ }));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ ruleIds: [RULES[1].id], tags: ['attack.t1526'], show: 'annotations' })
    );
    await user.click(screen.getByRole('combobox', { name: /^Annotations of/ }));
    await user.click(await screen.findByRole('option', { name: 'Events' }));
    expect(onChange.mock.lastCall[0]).toMatchObject({ queryType: 'annotations' });
    expect(onChange.mock.lastCall[0].show).toBeUndefined();
  });

  it('shows the notices of the answer', async () => {
    const frame = fakeFrame('annotations', { time: [1] });
    const notice = {
      severity: 'warning' as const,
      text: 'Region nl-ams did not answer.',
      link: 'https://example.com/a',
    };
    frame.meta = { notices: [notice] };
    await show({}, {}, { state: LoadingState.Done, series: [frame] } as unknown as PanelData);
    const alert = screen.getByRole('alert', { name: 'Region nl-ams did not answer.' });
    expect(within(alert).getByRole('link')).toHaveAttribute('href', 'https://example.com/a');
  });

  it('caps the annotations; without a number, automatically', async () => {
    const { user, onChange } = await show();
    expect(screen.getByLabelText(/^At most/)).toHaveAttribute('placeholder', 'auto');
    await user.type(screen.getByLabelText(/^At most/), '50{Enter}');
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ cap: 50 }));
  });

  it('queries when first shown, and when the data source changes', async () => {
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
