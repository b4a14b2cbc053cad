import { CoreApp, type DataSourceSettings } from '@grafana/data';
import { act, configure, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { type ReactElement } from 'react';

import type { Secrets, Settings } from '../settings';
import { fakeDataSource, RULES } from '../test/fakes';
import { AnnotationEditor } from './AnnotationEditor';
import { ConfigEditor } from './ConfigEditor';
import { LogContext } from './LogContext';
import { QueryEditor } from './QueryEditor';
import { VariableEditor } from './VariableEditor';

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual('../test/editor').FakeEditor,
}));

// The visibility of an element costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

const CONTROLS = ['button', 'checkbox', 'combobox', 'link', 'radio', 'spinbutton', 'switch', 'textbox'];

const scope = { kinds: ['api'], regions: ['fr-par'], severities: ['high'], text: ['a'] };
const filters = [
  { key: 'status', operator: '>=' as const, value: '400' },
  { key: 'country', operator: '=|' as const, value: 'FR', values: ['FR', 'DE'] },
  { key: 'mfa', operator: '=' as const, value: '(none)' },
];
const shared = { scope, filters };
const settings = { organizationId: 'o', regions: ['fr-par'], cacheDirectory: '/srv' };
const options = { jsonData: settings, secureJsonFields: { secretKey: true } } as unknown;

/** Each editor with every kind of control. */
function editors(): Record<string, ReactElement> {
  const props = { datasource: fakeDataSource({ region: 'fr-par' }), onChange: jest.fn(), onRunQuery: jest.fn() };
  const counts = { refId: 'A', queryType: 'counts' as const, groupBy: ['method'], groupLimit: 5, timezone: 'UTC' };
  return {
    events: <QueryEditor {...props} query={{ refId: 'A', queryType: 'events', limit: 5, ...shared }} />,
    counts: <QueryEditor {...props} query={{ ...counts, ...shared }} />,
    'an alert rule': <QueryEditor {...props} app={CoreApp.UnifiedAlerting} query={{ ...counts, ...shared }} />,
    suspects: <QueryEditor {...props} query={{ refId: 'A', queryType: 'investigate', suspects: 5, ...shared }} />,
    detections: (
      <QueryEditor
        {...props}
        query={{ refId: 'A', queryType: 'detections', ruleIds: [RULES[0].id], sigma: 'title: A', ...shared }}
      />
    ),
    'an overlay': <QueryEditor {...props} query={{ refId: 'A', queryType: 'annotations', overlay: true, cap: 5 }} />,
    annotations: <AnnotationEditor {...props} query={{ refId: 'Anno', queryType: 'annotations', ...shared }} />,
    'annotations of rules': (
      <AnnotationEditor {...props} query={{ refId: 'Anno', queryType: 'detections', tags: ['attack.t1526'] }} />
    ),
    'a variable': <VariableEditor {...props} query={{ refId: 'V', queryType: 'values', ...shared }} />,
    settings: <ConfigEditor options={options as DataSourceSettings<Settings, Secrets>} onOptionsChange={jest.fn()} />,
    'a line’s context': <LogContext contexts={['principal', 'resource']} initial="principal" onChange={jest.fn()} />,
  };
}

/** The controls of an editor, with the sections of a form open. */
async function controls(editor: ReactElement): Promise<HTMLElement[]> {
  render(editor);
  await act(async () => undefined);
  for (const section of screen.queryAllByRole('button', { name: /^Expand section/ })) {
    await userEvent.setup().click(section);
  }
  return CONTROLS.flatMap((role) => screen.queryAllByRole(role));
}

describe('the controls of', () => {
  it.each(Object.keys(editors()))('%s have names, and are reached with the keyboard', async (name) => {
    const found = await controls(editors()[name]);
    expect(found.length).toBeGreaterThan(1);
    for (const control of found) {
      expect(control).toHaveAccessibleName();
      expect([control.outerHTML, control.tabIndex >= 0 || control.matches(':disabled')]).toEqual([
        control.outerHTML,
        true,
      ]);
    }
  });
});

it('severities have names, not only colors', async () => {
  render(editors().events);
  await userEvent.setup().click(screen.getByRole('combobox', { name: /^Severity/ }));
  for (const severity of ['critical', 'high', 'medium', 'low']) {
    expect(await screen.findByRole('option', { name: severity })).toBeInTheDocument();
  }
});
