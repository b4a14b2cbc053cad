import { CoreApp } from '@grafana/data';
import { configure, screen, waitFor } from '@testing-library/react';

import { ALERTING } from '../documentation';
import { showQuery } from '../test/queryEditor';

// Whether an element is in sight costs most of the time, and nothing here is hidden.
configure({ defaultHidden: true });

describe('QueryEditor', () => {
  it('shows a new query with its defaults and its summary', async () => {
    await showQuery();
    expect(screen.getByRole('combobox', { name: 'Show' })).toHaveValue('Time series');
    expect(screen.getByRole('status')).toHaveTextContent('Number of events over time, for each result: all events.');
  });

  it('stores what it shows in a new alert rule', async () => {
    const { onChange, onRunQuery } = await showQuery({}, CoreApp.UnifiedAlerting);
    expect(onChange).toHaveBeenCalledWith({ refId: 'A', version: 1, queryType: 'counts', over: 'total' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('warns of a variable without a value, until conditions replace it', async () => {
    const query = { queryType: 'events' as const, emptyVariables: ['resource_id'], scope: { status: ['denied'] } };
    const { user, onChange } = await showQuery(query, CoreApp.Explore);
    expect(screen.getByText(/No event is selected: in the dashboard \$resource_id had no value/)).toBeInTheDocument();
    await user.click(screen.getByText('Query without empty variables'));
    expect(onChange.mock.lastCall[0]).toMatchObject({ scope: { status: ['denied'] } });
    expect(onChange.mock.lastCall[0].emptyVariables).toBeUndefined();
    await user.click(screen.getByRole('combobox', { name: 'Products' }));
    await user.click(await screen.findByRole('option', { name: /IAM|iam/ }));
    expect(onChange.mock.lastCall[0].scope).toEqual({ status: ['denied'], products: ['iam'] });
    expect(onChange.mock.lastCall[0].emptyVariables).toBeUndefined();
  });

  it('leaves a stored query unchanged when it is opened', async () => {
    const { onChange, onRunQuery } = await showQuery({ queryType: 'events' }, CoreApp.PanelEditor);
    expect(onChange).not.toHaveBeenCalled();
    expect(onRunQuery).not.toHaveBeenCalled();
  });

  it.each([
    [{ queryType: 'events' as const }, 'Table', { queryType: 'events', format: 'table' }],
    [{ queryType: 'events' as const, format: 'table' as const }, 'Log lines', { queryType: 'events', format: 'logs' }],
    [{ queryType: 'events' as const }, 'Time series', { queryType: 'counts', over: 'time' }],
    [{ queryType: 'counts' as const }, 'Totals', { queryType: 'counts', over: 'total' }],
    [{ queryType: 'counts' as const }, 'Overlay', { queryType: 'annotations', overlay: true }],
    [{ queryType: 'counts' as const, over: 'total' as const }, 'Suspects', { queryType: 'investigate' }],
    [{ queryType: 'investigate' as const }, 'Totals', { queryType: 'counts', over: 'total' }],
    [{ queryType: 'annotations' as const, overlay: true }, 'Log lines', { queryType: 'events', format: 'logs' }],
  ])('of %j shows %s', async (query, shape, asked) => {
    const scope = { products: ['iam'] };
    const { user, onChange, onRunQuery } = await showQuery({ ...query, scope });
    await user.click(screen.getByRole('combobox', { name: 'Show' }));
    await user.keyboard(shape);
    await user.click(await screen.findByRole('option', { name: new RegExp(`^${shape}`) }));
    expect(onChange).toHaveBeenCalledWith({ refId: 'A', version: 1, scope, ...asked });
    expect(onRunQuery).toHaveBeenCalled();
  });

  it.each([
    [CoreApp.PanelEditor, ['Overlay', 'Suspects']],
    [CoreApp.Explore, ['Suspects']],
    [CoreApp.UnifiedAlerting, []],
    [CoreApp.CloudAlerting, []],
  ])('offers in %s, besides counts and events, %j', async (app, shapes) => {
    const { user } = await showQuery({}, app);
    await user.click(screen.getByRole('combobox', { name: 'Show' }));
    expect(await screen.findByRole('option', { name: /^Totals/ })).toBeInTheDocument();
    for (const shape of ['Overlay', 'Suspects']) {
      const offered = screen.queryByRole('option', { name: new RegExp(`^${shape}`) });
      expect([shape, Boolean(offered)]).toEqual([shape, shapes.includes(shape)]);
    }
  });

  it('asks for the suspects of a metric: its expression, onset and direction', async () => {
    const { user, onChange } = await showQuery({ queryType: 'investigate' });
    await user.type(screen.getByLabelText(/^Metric$/), ' up {Enter}');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ expression: 'up' }));
    const onset = screen.getByLabelText(/^Onset/);
    expect(onset).toHaveAttribute('placeholder', 'Automatic');
    await user.type(onset, 'noon{Enter}');
    expect(screen.getByText(/^A time such as 2026-03-01T10:00:00Z/)).toBeInTheDocument();
    expect(onChange).toHaveBeenCalledTimes(1);
    await user.clear(onset);
    await user.type(onset, '$__from{Enter}');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ onset: '$__from' }));
    await user.click(screen.getByRole('combobox', { name: /^Direction/ }));
    await user.click(await screen.findByRole('option', { name: 'Down' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ direction: 'down' }));
  });

  it('picks the resource of a metric as in conditions, or takes another name', async () => {
    const id = 'b0000000-0000-4000-8000-000000000001';
    const { user, onChange } = await showQuery({
      queryType: 'investigate',
      scope: { status: ['denied'] },
      target: ['db'],
    });
    await user.click(screen.getByRole('combobox', { name: /^Metric of/ }));
    await user.click(await screen.findByRole('option', { name: /^web-1/ }));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ scope: { status: ['denied'] }, target: ['db', id] })
    );
    await user.keyboard('cache-7');
    await user.click(await screen.findByRole('option', { name: /Use custom value/ }));
    expect(onChange.mock.lastCall[0].target).toContain('cache-7');
    await user.click(screen.getByRole('button', { name: 'Remove db' }));
    expect(onChange.mock.lastCall[0].target).toBeUndefined();
  });

  it('shows a stored resource of a metric by name, and replaces a variable without a value by another', async () => {
    const target = ['b0000000-0000-4000-8000-000000000001', 'db'];
    const { user, onChange } = await showQuery({ queryType: 'investigate', emptyVariables: ['server'], target });
    await user.click(await screen.findByRole('button', { name: 'Remove web-1' }));
    expect(onChange.mock.lastCall[0]).toMatchObject({ target: ['db'] });
    expect(onChange.mock.lastCall[0].emptyVariables).toBeUndefined();
  });

  it('has the lookback, the history and the rows of suspects among the options', async () => {
    const { user, onChange } = await showQuery({ queryType: 'investigate' });
    await user.click(screen.getByRole('button', { name: 'Options' }));
    for (const [label, initial] of [
      [/^Minutes before/, '60'],
      [/^Days of history/, '2'],
      [/^Rows/, '10'],
    ] as const) {
      expect(screen.getByLabelText(label)).toHaveAttribute('placeholder', initial);
    }
    await user.type(screen.getByLabelText(/^Rows/), '101{Enter}');
    expect(screen.getByText('A whole number from 1 to 100, or a variable')).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
    await user.click(screen.getByLabelText(/^All candidates/));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ allCandidates: true }));
  });

  it('shows the common conditions, the resource first, and others when they are added', async () => {
    const { user } = await showQuery({ queryType: 'events' }, CoreApp.Explore);
    const fields = () =>
      screen.getAllByRole('combobox').map((field) => (field as HTMLInputElement).labels?.[0]?.textContent);
    const frequent = ['Show', 'Resource', 'Who', 'Products', 'Methods', 'Severity', 'Contains'];
    expect(fields()).toEqual(frequent);
    for (const rare of ['Kind of event', 'Does not contain']) {
      await user.click(screen.getByRole('button', { name: 'Condition' }));
      await user.click(await screen.findByRole('menuitem', { name: rare }));
    }
    expect(fields()).toEqual([...frequent, 'Does not contain', 'Kind of event']);
    await waitFor(() => expect(screen.getByRole('combobox', { name: /^Does not contain/ })).toHaveFocus());
    await user.click(screen.getByRole('button', { name: 'Condition' }));
    expect(await screen.findByRole('menuitem', { name: 'Result' })).toBeInTheDocument();
    expect(screen.queryByRole('menuitem', { name: 'Kind of event' })).not.toBeInTheDocument();
  });

  it('shows rare conditions that are used', async () => {
    await showQuery({ queryType: 'events', scope: { status: ['denied'], notText: 'health' } });
    expect(screen.getByRole('combobox', { name: /^Result/ })).toBeInTheDocument();
    expect(screen.getByRole('combobox', { name: /^Does not contain/ })).toBeInTheDocument();
    expect(screen.queryByRole('combobox', { name: /^Regions/ })).not.toBeInTheDocument();
  });

  it('stores searched and excluded texts when the field loses focus', async () => {
    const { user, onChange } = await showQuery({ queryType: 'events', scope: { text: 'one', notText: ['a', 'b'] } });
    await user.type(screen.getByRole('combobox', { name: /^Contains/ }), ' two words ');
    await user.tab();
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ scope: { text: ['one', 'two words'], notText: ['a', 'b'] } })
    );
    await user.click(screen.getByRole('button', { name: 'Remove a' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ scope: { text: 'one', notText: 'b' } }));
  });

  it('offers products and variables', async () => {
    const { user, onChange } = await showQuery({ queryType: 'events' }, CoreApp.PanelEditor, { product: 'iam' });
    await user.click(screen.getByRole('combobox', { name: /^Products/ }));
    expect(await screen.findByRole('option', { name: /\$product/ })).toBeInTheDocument();
    await user.click(await screen.findByRole('option', { name: /IAM/ }));
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ scope: { products: ['iam'] } }));
  });

  it.each([
    [/^Products/, 'i?m*', 'products'],
    [/^Methods/, 'Delete*', 'methods'],
    [/^Resource type/, 'iam_*', 'resourceTypes'],
  ])('takes a pattern for %s', async (name, pattern, list) => {
    const { user, onChange } = await showQuery({ queryType: 'events', scope: { resourceTypes: ['x'] } });
    await user.click(screen.getByRole('combobox', { name }));
    await user.keyboard(pattern);
    await user.click(await screen.findByRole('option', { name: new RegExp(`Use custom value`) }));
    const { scope } = onChange.mock.lastCall[0];
    expect(scope[list]).toContain(pattern);
  });

  it('offers the methods of products in any spelling', async () => {
    const { user } = await showQuery({ queryType: 'events', scope: { products: ['I*'] } });
    await user.click(screen.getByRole('combobox', { name: /^Methods/ }));
    expect(await screen.findByRole('option', { name: /^CreateAPIKey/ })).toBeInTheDocument();
  });

  it('accepts an unknown region, and rejects a malformed name', async () => {
    const { user, onChange } = await showQuery({
      queryType: 'events',
      scope: { regions: ['mars', 'de-fra', '$region'] },
    });
    expect(screen.getByText('“mars” is not the name of a region, such as fr-par')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Remove mars' }));
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ scope: { regions: ['de-fra', '$region'] } }));
  });

  it('finds principals while typing, by id where a name is not unique', async () => {
    const { user, onChange, datasource } = await showQuery({ queryType: 'events' });
    await user.click(screen.getByRole('combobox', { name: /^Who/ }));
    await user.keyboard('twin');
    await user.click((await screen.findAllByRole('option', { name: /twin@example.com \(a0000000\)/ }))[0]);
    expect(datasource.getResource).toHaveBeenCalledWith('principals', { query: 'twin' }, expect.anything());
    expect(onChange).toHaveBeenCalledWith(
      expect.objectContaining({ scope: { principals: ['a0000000-0000-4000-8000-000000000002'] } })
    );
  });

  it('shows stored ids by name', async () => {
    await showQuery({ queryType: 'events', scope: { resourceIds: ['b0000000-0000-4000-8000-000000000001'] } });
    expect((await screen.findAllByText(/web-1/)).length).toBeGreaterThan(0);
  });

  it('refuses an invalid limit, and accepts a variable', async () => {
    const { user, onChange } = await showQuery({ queryType: 'events' });
    expect(screen.queryByLabelText(/^Limit/)).not.toBeInTheDocument();
    const options = screen.getByRole('button', { name: 'Options' });
    expect(options).toHaveAttribute('aria-expanded', 'false');
    await user.click(options);
    expect(options).toHaveAttribute('aria-expanded', 'true');
    const limit = screen.getByLabelText(/^Limit/);
    await user.type(limit, '0{Enter}');
    expect(screen.getByText(/A whole number from 1 to/)).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
    await user.clear(limit);
    await user.type(limit, '$limit{Enter}');
    expect(onChange).toHaveBeenCalledWith(expect.objectContaining({ limit: '$limit' }));
  });

  it('shows options that are set', async () => {
    await showQuery({ queryType: 'events', limit: 5 });
    expect(screen.getByLabelText(/^Limit/)).toHaveValue('5');
  });

  it('leaves out addresses and networks, even without Enter', async () => {
    const { user, onChange } = await showQuery({ queryType: 'events', scope: { sourceIps: ['203.0.113.0/24'] } });
    await user.click(screen.getByRole('button', { name: 'Condition' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Not from address' }));
    await user.type(screen.getByRole('combobox', { name: /^Not from address/ }), '203.0.113.8/31');
    await user.tab();
    expect(onChange.mock.lastCall[0].scope).toEqual({
      sourceIps: ['203.0.113.0/24'],
      notSourceIps: ['203.0.113.8/31'],
    });
  });

  it('shows excluded addresses that are stored', async () => {
    const { user, onChange } = await showQuery({ queryType: 'events', scope: { notSourceIps: ['203.0.113.7'] } });
    await user.click(screen.getByRole('button', { name: 'Remove 203.0.113.7' }));
    expect(onChange.mock.lastCall[0].scope).toEqual({});
  });

  it('groups by up to eight columns, the user agent among them', async () => {
    const groupBy = ['product', 'method', 'region', 'kind', 'severity', 'country', 'mfa'];
    const { user, onChange } = await showQuery({ queryType: 'counts', groupBy });
    await user.click(screen.getByRole('combobox', { name: /^For each/ }));
    await user.keyboard('user');
    await user.click(await screen.findByRole('option', { name: 'user agent' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ groupBy: [...groupBy, 'user_agent'] }));
  });

  it('accepts a time zone for counts over time; the default is the dashboard’s', async () => {
    const { user, onChange } = await showQuery({ queryType: 'counts', timezone: 'UTC' }, CoreApp.PanelEditor);
    const zone = screen.getByRole('combobox', { name: /^Time zone/ });
    expect(zone).toHaveValue('UTC');
    expect(zone).toHaveAttribute('placeholder', 'As in the dashboard');
    await user.click(zone);
    await user.keyboard('New_Y');
    await user.click(await screen.findByRole('option', { name: 'America/New_York' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ timezone: 'America/New_York' }));
    await user.keyboard('{Escape}');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ timezone: undefined }));
  });

  it('has no time zone for a total', async () => {
    const { user } = await showQuery({ queryType: 'counts', over: 'total' });
    await user.click(screen.getByRole('button', { name: 'Options' }));
    expect(screen.getByLabelText(/^Groups/)).toBeInTheDocument();
    expect(screen.queryByLabelText(/^Time zone/)).not.toBeInTheDocument();
  });

  it('counts events, or the distinct values of a column, as far back as is wanted', async () => {
    const { user, onChange } = await showQuery({ queryType: 'counts', countOf: 'method' });
    const count = screen.getByRole('combobox', { name: /^Count of/ });
    await user.click(count);
    await user.click(await screen.findByRole('option', { name: 'source address' }));
    expect(onChange.mock.lastCall[0].countOf).toBe('source_ip');
    await user.click(count);
    await user.click(await screen.findByRole('option', { name: 'events' }));
    expect(onChange.mock.lastCall[0].countOf).toBeUndefined();
    expect(screen.getByLabelText(/^Seconds back/)).toHaveAttribute('placeholder', 'none');
    await user.type(screen.getByLabelText(/^Seconds back/), '300{Enter}');
    expect(onChange.mock.lastCall[0].lookbackSeconds).toBe(300);
  });

  it('caps and clusters an overlay', async () => {
    const { user, onChange } = await showQuery({ queryType: 'annotations', overlay: true });
    await user.click(screen.getByRole('button', { name: 'Options' }));
    expect(screen.getByLabelText(/^At most/)).toHaveAttribute('placeholder', 'auto');
    await user.click(screen.getByRole('combobox', { name: /^Clusters/ }));
    await user.click(await screen.findByRole('option', { name: /^Only beyond the limit/ }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ cluster: 'overflow', overlay: true }));
  });

  it('shows the default limit of annotations without clusters', async () => {
    await showQuery({ queryType: 'annotations', overlay: true, cluster: 'overflow' });
    expect(screen.getByLabelText(/^At most/)).toHaveAttribute('placeholder', '1000');
  });

  it('ties each label to its field', async () => {
    await showQuery({ queryType: 'counts', over: 'time', timezone: 'UTC', scope: { kinds: ['api'] } });
    for (const label of document.querySelectorAll('label')) {
      expect([label.textContent, label.control]).toEqual([label.textContent, expect.any(HTMLInputElement)]);
    }
    for (const field of screen.getAllByRole('combobox')) {
      expect((field as HTMLInputElement).labels).toHaveLength(1);
    }
  });
});

describe('QueryEditor of an alert rule', () => {
  const help = () => screen.getByTestId('audit-alerting-help');

  it('explains grouped counts and the end of the range', async () => {
    await showQuery({ queryType: 'counts', over: 'total', groupBy: ['method'] }, CoreApp.UnifiedAlerting);
    expect(help()).toHaveTextContent(/let the range end at the lag, two minutes ago \(now-12m to now-2m\)/);
    expect(help()).toHaveTextContent(/A group without events is no data, not 0: .* to Normal/);
    expect(screen.getByRole('link', { name: /^About alert rules/ })).toHaveAttribute('href', ALERTING);
  });

  it('shows no hint about groups for a single count', async () => {
    await showQuery({ queryType: 'counts', over: 'total' }, CoreApp.UnifiedAlerting);
    expect(help()).toHaveTextContent(/let the range end/);
    expect(help()).not.toHaveTextContent(/no data/);
  });

  it('shows hints in rules only', async () => {
    await showQuery({ queryType: 'counts', over: 'total', groupBy: ['method'] }, CoreApp.PanelEditor);
    expect(screen.queryByTestId('audit-alerting-help')).not.toBeInTheDocument();
  });

  it('counts in UTC where no time zone is chosen', async () => {
    const { user } = await showQuery({ queryType: 'counts', over: 'time' }, CoreApp.UnifiedAlerting);
    await user.click(screen.getByRole('button', { name: 'Options' }));
    expect(screen.getByLabelText(/^Time zone/)).toHaveAttribute('placeholder', 'UTC');
  });
});
