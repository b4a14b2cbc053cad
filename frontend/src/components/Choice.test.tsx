import { CoreApp, type DataSourceSettings } from '@grafana/data';
import type { ComboboxOption } from '@grafana/ui';
import { act, configure, fireEvent, render, screen } from '@testing-library/react';
import React, { type ComponentType, useLayoutEffect, useState } from 'react';

import type { AuditQuery } from '../query';
import type { Secrets, Settings } from '../settings';
import { fakeDataSource, fakeFrame } from '../test/fakes';
import { AnnotationEditor } from './AnnotationEditor';
import { Choice, Choices } from './Choice';
import { ConfigEditor } from './ConfigEditor';
import { QueryEditor } from './QueryEditor';
import { VariableEditor } from './VariableEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

interface FakeProps {
  id?: string;
  value?: string | ComboboxOption | Array<string | ComboboxOption> | null;
  options: ComboboxOption[] | ((typed: string) => Promise<ComboboxOption[]>);
  createCustomValue?: boolean;
  onChange: (picked: unknown) => void;
}

/** Pickers as Grafana's at their worst: each reports what was chosen again whenever it is rendered, and so without an end. */
jest.mock('@grafana/ui', () => {
  const valueOf = (option: string | ComboboxOption) => (typeof option === 'object' ? option.value : option);
  const fake = (several: boolean) =>
    function Fake({ id, value, options, createCustomValue, onChange }: FakeProps) {
      const [picked, setPicked] = useState<unknown>();
      useLayoutEffect(() => {
        if (picked) {
          onChange(picked);
        }
      });
      const choose = async () => {
        const chosen = [value ?? []].flat().map(valueOf);
        const offered = typeof options === 'function' ? await options('') : options;
        const others = [...offered, ...(createCustomValue ? [{ value: 'typed' }] : [])];
        const other = others.find((option) => !chosen.includes(option.value))!;
        setPicked(several ? [...chosen.map((value) => ({ value })), other] : { ...other });
      };
      return <input role="combobox" id={id} aria-expanded={false} aria-controls="" readOnly onClick={choose} />;
    };
  const { FakeEditor } = jest.requireActual('../test/editor');
  return {
    ...jest.requireActual('@grafana/ui'),
    Combobox: fake(false),
    MultiCombobox: fake(true),
    CodeEditor: FakeEditor,
  };
});

const LISTS = {
  resourceIds: ['b0000000-0000-4000-8000-000000000001'],
  principals: ['terraform'],
  products: ['iam'],
  methods: ['x'],
  severities: ['low'],
  text: ['x'],
  notText: ['x'],
  status: ['denied'],
  kinds: ['api'],
  riskClasses: ['x'],
  novelties: ['usual'],
  resourceNames: ['x'],
  resourceTypes: ['x'],
  sourceIps: ['192.0.2.66'],
  services: ['x'],
  regions: ['fr-par'],
  projects: ['x'],
};
const FILTERS: AuditQuery['filters'] = [
  { key: 'country', operator: '=', value: 'FR' },
  { key: 'mfa', operator: '!=|', value: 'totp', values: ['totp', 'x'] },
  { key: 'status', operator: '>=', value: '400' },
  { key: 'method', operator: '=~', value: 'D.*' },
  { key: 'user_agent', operator: '!=', value: '(none)' },
];
const CONDITIONS = { scope: LISTS, filters: FILTERS };

/** The props of an editor on a page that stores each change at once and renders it, as Explore does. */
function page(name: string, query: AuditQuery, app?: CoreApp) {
  const datasource = fakeDataSource({ resource_id: 'r-1', product: 'iam' });
  jest
    .mocked(datasource.ask)
    .mockImplementation(async ({ queryType }) =>
      queryType === 'values' ? [fakeFrame('values', { text: ['FR', 'DE'], value: ['FR', 'DE'] })] : []
    );
  const editors: Record<string, ComponentType<Parameters<typeof QueryEditor>[0]>> = {
    query: QueryEditor,
    annotation: AnnotationEditor,
    variable: VariableEditor,
  };
  const Editor = editors[name];
  const stored = jest.fn();
  const Page = () => {
    const [shown, setShown] = useState(query);
    const onChange = (changed: AuditQuery) => {
      stored(changed);
      setShown(changed);
    };
    return <Editor datasource={datasource} query={shown} app={app} onChange={onChange} onRunQuery={() => undefined} />;
  };
  return { Page, stored };
}

function settings() {
  const stored = jest.fn();
  const Page = () => {
    const [options, setOptions] = useState({
      jsonData: { regions: ['fr-par'] },
      secureJsonFields: {},
    } as DataSourceSettings<Settings, Secrets>);
    const onOptionsChange = (changed: DataSourceSettings<Settings, Secrets>) => {
      stored(changed);
      setOptions(changed);
    };
    return <ConfigEditor options={options} onOptionsChange={onOptionsChange} />;
  };
  return { Page, stored };
}

const query = (changed: Partial<AuditQuery>): AuditQuery => ({ refId: 'A', version: 1, ...changed });
const counts = query({ queryType: 'counts', over: 'time', groupBy: ['method'], timezone: 'UTC', ...CONDITIONS });

describe('a picker that reports its choice at each render', () => {
  // Each list and text of a scope; a column, an operator and mostly a value for each filter.
  const conditions = Object.keys(LISTS).length + 5 + 5 + 2;
  it.each([
    ['lines in Explore', () => page('query', query({ queryType: 'events', ...CONDITIONS }), CoreApp.Explore), 1],
    ['counts in Explore', () => page('query', counts, CoreApp.Explore), 4],
    ['counts in a panel', () => page('query', counts, CoreApp.PanelEditor), 4],
    ['a rule', () => page('query', { ...counts, over: 'total' }, CoreApp.UnifiedAlerting), 2],
    [
      'an overlay',
      () => page('query', query({ queryType: 'annotations', overlay: true, cluster: 'near', cap: 9, ...CONDITIONS })),
      4,
    ],
    ['an annotation', () => page('annotation', query({ queryType: 'annotations', ...CONDITIONS })), 5],
    ['detections', () => page('query', query({ queryType: 'detections', ...CONDITIONS })), 5],
    ['annotations of rules', () => page('annotation', query({ queryType: 'detections', ...CONDITIONS })), 5],
    ['a variable', () => page('variable', query({ queryType: 'values', column: 'method', ...CONDITIONS })), 1],
    ['the settings', settings, 1 - conditions],
  ])('changes %s once', async (_, editor, others) => {
    const { Page, stored } = editor();
    const { unmount } = render(<Page />);
    await act(async () => undefined);
    const fields = screen.getAllByRole('combobox').length;
    expect(fields).toBe(conditions + others);
    unmount();
    for (let field = 0; field < fields; field++) {
      const { unmount } = render(<Page />);
      await act(async () => undefined);
      const control = screen.getAllByRole('combobox')[field] as HTMLInputElement;
      const name = control.labels?.[0]?.textContent ?? control.id;
      stored.mockClear();
      await act(async () => void fireEvent.click(control));
      expect([name, stored.mock.calls.length]).toEqual([name, 1]);
      unmount();
    }
  });
});

describe('a choice', () => {
  function show(Shown: ComponentType<{ value: string | null; onChange: (value: string | null) => void }>) {
    const reported = jest.fn();
    const { rerender } = render(<Shown value="a" onChange={reported} />);
    return { reported, store: (value: string | null) => rerender(<Shown value={value} onChange={reported} />) };
  }
  const options = ['a', 'b'].map((value) => ({ value }));

  it('is reported again after another one was stored elsewhere', async () => {
    const { reported, store } = show(({ value, onChange }) => (
      <Choice options={options} value={value} onChange={(picked) => onChange(picked.value)} />
    ));
    const choose = () => act(async () => void fireEvent.click(screen.getByRole('combobox')));
    await choose();
    store('b');
    expect(reported.mock.calls).toEqual([['b']]);
    store('a');
    await choose();
    expect(reported.mock.calls.length).toBeGreaterThan(1);
    expect(reported).toHaveBeenLastCalledWith('b');
  });

  it('of several values is compared as a whole', async () => {
    const { reported, store } = show(({ value, onChange }) => (
      <Choices options={options} value={[value!]} onChange={(picked) => onChange(picked.map((p) => p.value).join())} />
    ));
    await act(async () => void fireEvent.click(screen.getByRole('combobox')));
    store('a');
    store('a');
    expect(reported.mock.calls).toEqual([['a,b']]);
  });
});
