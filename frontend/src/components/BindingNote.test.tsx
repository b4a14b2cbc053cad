import { CoreApp } from '@grafana/data';
import { act, configure, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource } from '../test/fakes';
import { QueryEditor } from './QueryEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

describe('QueryEditor of a panel', () => {
  const server = { refId: 'B', expr: 'cpu{resource_name=~"$server"}' };
  const note = () => screen.getByTestId('audit-binding');

  /** Shows an editor that has what it stored, beside other queries. */
  async function edit(first: Partial<AuditQuery>, others: object[], variables = {}, app = CoreApp.PanelEditor) {
    const stored: AuditQuery[] = [];
    const datasource = fakeDataSource(variables);
    function Panel() {
      const [query, setQuery] = useState<AuditQuery>({ refId: 'A', ...first });
      const onChange = (changed: AuditQuery) => {
        stored.push(changed);
        setQuery(changed);
      };
      const queries = [query, ...others] as AuditQuery[];
      return <QueryEditor {...{ datasource, query, queries, app, onChange }} onRunQuery={jest.fn()} />;
    }
    render(<Panel />);
    await act(async () => undefined);
    return { stored, user: userEvent.setup() };
  }

  const choose = async (user: ReturnType<typeof userEvent.setup>, shape: RegExp) => {
    await user.click(screen.getByRole('combobox', { name: 'Show' }));
    await user.click(await screen.findByRole('option', { name: shape }));
  };

  it('has the resource of the other queries in a new query, and says so', async () => {
    const { stored } = await edit({}, [server], { server: 'web-1' });
    expect(stored).toEqual([expect.objectContaining({ queryType: 'counts', scope: { resourceNames: ['${server}'] } })]);
    expect(note()).toHaveTextContent('Events about $server, as query B of this panel selects.');
    expect(screen.getByRole('button', { name: 'Remove $server' })).toBeInTheDocument();
  });

  it.each([
    ['as Grafana makes it', {}],
    ['with Grafana’s defaults', { version: 1, queryType: 'counts', over: 'time', groupBy: ['status_class'] }],
  ] as Array<[string, Partial<AuditQuery>]>)(
    'follows the dashboard’s variable in a new query, %s',
    async (_, first) => {
      const { stored } = await edit(first, [], { resource_id: 'r-1' });
      expect(stored.map(({ scope }) => scope)).toEqual([{ resourceIds: ['${resource_id}'] }]);
      expect(note()).toHaveTextContent('Events about $resource_id, as the dashboard’s variables choose.');
    }
  );

  it('shows all events once the resource is removed, and does not add it again', async () => {
    const { stored, user } = await edit({}, [server], { server: 'web-1' });
    await user.click(within(note()).getByRole('button', { name: 'All events' }));
    expect(stored.map(({ scope }) => scope)).toEqual([{ resourceNames: ['${server}'] }, {}]);
    await choose(user, /^Totals/);
    expect(stored).toHaveLength(3);
    expect(stored[2]).toMatchObject({ over: 'total', scope: {} });
  });

  it.each([
    ['a stored query of all events', { version: 1, queryType: 'counts', over: 'total' }],
    ['a stored overlay', { version: 1, queryType: 'annotations', overlay: true }],
    ['conditions', { scope: { status: ['denied'] } }],
    ['a removed condition', { scope: {} }],
    ['filters', { filters: [{ key: 'method', operator: '=', value: 'M' }] }],
  ] as Array<[string, Partial<AuditQuery>]>)('does not change %s', async (_, first) => {
    const { stored } = await edit(first, [server], { server: 'web-1', resource_id: 'r-1' });
    expect(stored).toEqual([]);
  });

  it.each([CoreApp.Explore, CoreApp.UnifiedAlerting])('follows nothing in %s', async (app) => {
    const { stored } = await edit({}, [server], { server: 'web-1', resource_id: 'r-1' }, app);
    expect(stored.filter(({ scope }) => scope)).toEqual([]);
    expect(note()).toBeEmptyDOMElement();
  });

  it('has the resource of the other queries as soon as it becomes an overlay', async () => {
    const { stored, user } = await edit({ version: 1, queryType: 'counts', over: 'total' }, [server], { server: 'x' });
    await choose(user, /^Overlay/);
    expect(stored).toEqual([expect.objectContaining({ overlay: true, scope: { resourceNames: ['${server}'] } })]);
  });

  it('has the resource of an investigation in its own field', async () => {
    const { stored, user } = await edit({}, [server], { server: 'web-1' });
    await choose(user, /^Suspects/);
    expect(stored[1]).toMatchObject({ queryType: 'investigate', scope: {}, target: ['${server}'] });
    expect(note()).toHaveTextContent('Events about $server');
  });

  it('offers a stored overlay the resource of the other queries', async () => {
    const overlay = { version: 1, queryType: 'annotations' as const, overlay: true, scope: { status: ['denied'] } };
    const { stored, user } = await edit(overlay, [server], { server: 'web-1' });
    expect(note()).toHaveTextContent('Query B of this panel selects $server.');
    await user.click(within(note()).getByRole('button', { name: 'Only these events' }));
    expect(stored).toEqual([
      expect.objectContaining({ scope: { status: ['denied'], resourceNames: ['${server}'] }, overlay: true }),
    ]);
  });
});
