import type { DataSourceSettings } from '@grafana/data';
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { setBackendSrv, setDataSourceSrv, type BackendSrv, type DataSourceSrv } from '@grafana/runtime';

import { setLanguage } from '../language';
import type { Secrets, Settings } from '../settings';
import { ConfigEditor } from './ConfigEditor';

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual('../test/editor').FakeEditor,
}));

const PROMETHEUS = ['cockpit', 'other'].map((uid, i) => ({
  uid,
  name: ['Cockpit metrics', 'Other metrics'][i],
  type: 'prometheus',
  meta: { name: 'Prometheus', info: { logos: {} } },
}));

beforeEach(() => {
  const getInstanceSettings = (uid: string) => PROMETHEUS.find((one) => one.uid === uid);
  setDataSourceSrv({ getInstanceSettings, getList: () => PROMETHEUS } as unknown as DataSourceSrv);
  setBackendSrv({ get, post } as unknown as BackendSrv);
  get.mockReset();
  post.mockReset().mockResolvedValue({ problems: [] });
});

/** The checks of rules that are asked of the backend. */
const post = jest.fn();

/** The lists that are asked of it. */
const get = jest.fn();

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

  it('shows the format of an id', () => {
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

  it('distinguishes an access key from a secret key', () => {
    show({ secureJsonData: { secretKey: 'SCW00000000000000000' } });
    expect(screen.getByText(/This is the access key/)).toBeInTheDocument();
  });

  it('shows regions however they were provisioned', () => {
    show({ jsonData: { regions: 'pl-waw' } });
    expect(screen.getAllByText('pl-waw').length).toBeGreaterThan(0);
  });

  it.each([[{}], [{ organizationId: 'o' }], [{ regions: '' }]])(
    'fills in all regions where the settings have none: %j',
    (jsonData) => {
      const { onOptionsChange } = show({ jsonData });
      const regions = ['fr-par', 'nl-ams', 'pl-waw', 'it-mil'];
      expect(onOptionsChange).toHaveBeenCalledWith(expect.objectContaining({ jsonData: { ...jsonData, regions } }));
    }
  );

  it.each([
    [{ jsonData: { regions: ['pl-waw'] } }],
    [{ jsonData: { regions: 'pl-waw' } }],
    [{ jsonData: { regions: [] } }],
    [{ jsonData: {}, readOnly: true }],
  ])('leaves regions as they are: %j', (options) => {
    expect(show(options).onOptionsChange).not.toHaveBeenCalled();
  });

  const UNSAVED = /was saved without regions and reads fr-par, nl-ams\. Once saved here, it reads the regions above/;

  it.each<[Partial<DataSourceSettings<Settings, Secrets>>]>([
    [{ jsonData: { organizationId: 'o' } }],
    [{ jsonData: { organizationId: 'o', regions: '' } }],
    [{ jsonData: {}, secureJsonFields: { secretKey: true } }],
  ])('shows that a data source reads its old regions until it is saved, and only fills in the form: %j', (options) => {
    const onOptionsChange = jest.fn();
    const form = (changed: object) => {
      const all = { jsonData: {}, secureJsonFields: {}, version: 3, ...options, ...changed };
      return (
        <ConfigEditor
          options={all as unknown as DataSourceSettings<Settings, Secrets>}
          onOptionsChange={onOptionsChange}
        />
      );
    };
    const { rerender } = render(form({}));
    expect(screen.getByText(UNSAVED)).toBeInTheDocument();
    // Opened, it changes the form once, which Grafana stores on "Save & test" only; nothing else about it changes.
    expect(onOptionsChange).toHaveBeenCalledTimes(1);
    const [{ jsonData, ...rest }] = onOptionsChange.mock.calls[0];
    const { regions: _, ...before }: Settings = options.jsonData ?? {};
    expect(jsonData).toEqual({ ...before, regions: ['fr-par', 'nl-ams', 'pl-waw', 'it-mil'] });
    expect(rest).toMatchObject({ version: 3 });
    rerender(form({ jsonData }));
    expect(screen.getByText(UNSAVED)).toBeInTheDocument();
    rerender(form({ jsonData, version: 4 }));
    expect(screen.queryByText(UNSAVED)).not.toBeInTheDocument();
    expect(onOptionsChange).toHaveBeenCalledTimes(1);
  });

  it.each([[{}], [{ jsonData: { organizationId: 'o', regions: ['pl-waw'] } }], [{ jsonData: {}, readOnly: true }]])(
    'shows no hint about regions where saving does not change them: %j',
    (options) => {
      show(options);
      expect(screen.queryByText(UNSAVED)).not.toBeInTheDocument();
    }
  );

  it('accepts an unknown region, even without Enter', async () => {
    const { user, onOptionsChange } = show({ jsonData: { regions: ['fr-par'] } });
    await user.type(screen.getByRole('combobox', { name: /^Regions/ }), ' DE-fra');
    await user.tab();
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ jsonData: { regions: ['fr-par', 'de-fra'] } })
    );
  });

  it.each(['mars', 'fr-paris1', 'FR-PAR', 'f-par', 'fr_par'])(
    'shows the form of a region’s name instead of %s',
    (region) => {
      show({ jsonData: { regions: ['fr-par', region] } });
      expect(screen.getByText(`“${region}” is not the name of a region, such as fr-par`)).toBeInTheDocument();
    }
  );

  const open = async (user: ReturnType<typeof userEvent.setup>, ...sections: RegExp[]) => {
    for (const name of sections) {
      await user.click(screen.getByRole('button', { name }));
    }
  };

  it.each([
    [/section Cache/, /^Seconds until settled/, 'settlingSeconds', '300', '86400'],
    [/section Cache/, /^Seconds of lag/, 'lagSeconds', '120', '300'],
    [/section Cache/, /^Memory/, 'maxMemoryMiB', '256', '65536'],
    [/Limits and connection/, /^Calls at the same time/, 'concurrentCalls', '8', '64'],
  ])('%s: offers %s with its default, and takes a number', async (section, label, name, initial, most) => {
    const { user, onOptionsChange } = show({ jsonData: { organizationId: 'o' } });
    await open(user, section);
    const field = screen.getByLabelText(label);
    expect(field).toHaveAttribute('placeholder', initial);
    expect(field).toHaveAttribute('max', most);
    await user.type(field, '7');
    expect(onOptionsChange).toHaveBeenCalledWith(
      expect.objectContaining({ jsonData: { organizationId: 'o', [name]: 7 } })
    );
  });

  it.each<[Settings, RegExp]>([
    [{ lagSeconds: 90 }, /^Seconds of lag/],
    [{ settlingSeconds: '600' }, /^Seconds until settled/],
    [{ maxMemoryMiB: 64 }, /^Memory/],
    [{ ruleTimeoutSeconds: 20 }, /^Seconds for an alert rule/],
    [{ apiUrl: 'http://127.0.0.1:1' }, /^API URL/],
  ])('shows a stored %p at once', (jsonData, label) => {
    show({ jsonData });
    expect(screen.getByLabelText(label)).toHaveDisplayValue(String(Object.values(jsonData)[0]));
  });

  it('removes the setting when a number is cleared', async () => {
    const { user, onOptionsChange } = show({ jsonData: { maxMemoryMiB: 5 } });
    await user.clear(screen.getByLabelText(/^Memory/));
    expect(onOptionsChange).toHaveBeenCalledWith(expect.objectContaining({ jsonData: { maxMemoryMiB: undefined } }));
  });

  it.each([
    [undefined, true],
    ['false', true],
    [true, undefined],
    ['True', undefined],
  ])('switches hideFromViewers from %s to %s', async (hideFromViewers, switched) => {
    const { user, onOptionsChange } = show({ jsonData: { hideFromViewers } });
    const closed = screen.queryByRole('button', { name: 'Expand section Who sees what' });
    if (closed) {
      await user.click(closed);
    }
    await user.click(screen.getByRole('switch', { name: /^Hide details from viewers/ }));
    expect(onOptionsChange.mock.lastCall[0].jsonData.hideFromViewers).toBe(switched);
  });

  it.each([0, 65_537, '1.5'])('shows the allowed numbers instead of %s', (maxMemoryMiB) => {
    show({ jsonData: { maxMemoryMiB } });
    expect(screen.getByText('A whole number from 1 to 65536')).toBeInTheDocument();
  });

  it('allows no longer lag than the time until events are settled', () => {
    show({ jsonData: { settlingSeconds: 60, lagSeconds: 61 } });
    expect(screen.getByText('A whole number from 1 to 60')).toBeInTheDocument();
    expect(screen.getByLabelText(/^Seconds of lag/)).toHaveAttribute('placeholder', '60');
  });

  it('accepts a cache directory, and shows a stored one at once', async () => {
    const { user, onOptionsChange } = show({ jsonData: { cacheDirectory: '/srv/cache' } });
    expect(screen.queryByText(/^An absolute path, such as/)).not.toBeInTheDocument();
    await user.type(screen.getByLabelText(/^Directory/), '2');
    expect(onOptionsChange).toHaveBeenCalledWith(
      expect.objectContaining({ jsonData: { cacheDirectory: '/srv/cache2' } })
    );
  });

  it('shows a cache directory under its old name, and saves it under the new one', async () => {
    const { user, onOptionsChange } = show({ jsonData: { heldFolder: '/srv/cache' } as Settings });
    await user.type(screen.getByLabelText(/^Directory/), '2');
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ jsonData: { cacheDirectory: '/srv/cache2' } })
    );
  });

  it('shows the format of a directory’s path', () => {
    show({ jsonData: { cacheDirectory: 'srv/cache' } });
    expect(screen.getByText(/^An absolute path, such as/)).toBeInTheDocument();
  });

  const METRICS = 'https://11111111-2222-3333-4444-555555555555.metrics.cockpit.fr-par.scw.cloud';

  it('reads no metrics until Cockpit is configured, and says whose permissions do not count', async () => {
    const { user } = show({ jsonData: { regions: ['fr-par'] } });
    expect(screen.getByText(/^Off until URLs and token have a value/)).toHaveTextContent(
      /bypasses the permissions of the metrics data source/
    );
    expect(screen.queryByLabelText(/^Cockpit token/)).not.toBeInTheDocument();
    await open(user, /section Metrics \(Cockpit\)/);
    expect(screen.getByRole('combobox', { name: /^Metrics URLs/ })).toHaveAttribute(
      'placeholder',
      'None: no metrics are read'
    );
    expect(screen.getByLabelText(/^Cockpit token/)).not.toBeRequired();
  });

  it('takes the URLs of metrics, each once, even without Enter', async () => {
    const { user, onOptionsChange } = show({ jsonData: { regions: ['fr-par'], cockpitUrls: 'http://[::1]:9090' } });
    for (const typed of [METRICS, 'http://[::1]:9090']) {
      await user.type(screen.getByRole('combobox', { name: /^Metrics URLs/ }), typed.replaceAll('[', '[['));
      await user.tab();
    }
    expect(onOptionsChange.mock.calls.map(([{ jsonData }]) => jsonData.cockpitUrls)).toEqual([
      ['http://[::1]:9090', METRICS],
      ['http://[::1]:9090'],
    ]);
  });

  it('links to the Prometheus data source that is chosen', async () => {
    const { user, onOptionsChange } = show({ jsonData: { regions: ['fr-par'], metricsDataSource: 'cockpit' } });
    const picker = screen.getByRole('combobox', { name: /^Metrics data source/ });
    expect(picker).toHaveDisplayValue('Cockpit metrics');
    await user.click(picker);
    await user.click(await screen.findByRole('option', { name: 'Other metrics' }));
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual({ regions: ['fr-par'], metricsDataSource: 'other' });
  });

  it('removes the setting with the last URL', async () => {
    const { user, onOptionsChange } = show({ jsonData: { regions: ['fr-par'], cockpitUrls: [METRICS] } });
    await user.click(screen.getByRole('button', { name: /^Remove https:/ }));
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual({ regions: ['fr-par'], cockpitUrls: undefined });
  });

  it.each(['http://example.com', 'https://example.com/api', 'fr-par'])(
    'shows the form of a URL instead of %s',
    (url) => {
      show({ jsonData: { cockpitUrls: [METRICS, url] } });
      expect(screen.getByText(/^An https URL without user, query or path/)).toBeInTheDocument();
    }
  );

  it('takes the token of metrics beside the secret key, and can replace it', async () => {
    const { user, onOptionsChange } = show({
      jsonData: { cockpitUrls: [METRICS] },
      secureJsonFields: { secretKey: true, cockpitToken: true },
      secureJsonData: { secretKey: 'k' },
    });
    expect(screen.queryByText(/^An https URL without/)).not.toBeInTheDocument();
    await user.click(screen.getAllByRole('button', { name: 'Reset' })[1]);
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({
        secureJsonFields: { secretKey: true, cockpitToken: false },
        secureJsonData: { secretKey: 'k', cockpitToken: '' },
      })
    );
  });

  it('trims a pasted token', async () => {
    const { user, onOptionsChange } = show({ jsonData: { cockpitUrls: [METRICS] } });
    await user.click(screen.getByLabelText(/^Cockpit token/));
    await user.paste(' token\n');
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ secureJsonData: { cockpitToken: 'token' } })
    );
  });

  const AMSTERDAM = 'https://66666666-7777-8888-9999-000000000000.metrics.cockpit.nl-ams.scw.cloud';
  const own = (url: string): `cockpitToken@${string}` => `cockpitToken@${new URL(url).host}`;

  const ownField = (url: string) => screen.getByLabelText(new RegExp(`^Token of ${new URL(url).host}`));

  it('offers a token for each of several URLs, and none for a single one', async () => {
    const { user, onOptionsChange } = show({ jsonData: { cockpitUrls: [METRICS, AMSTERDAM] } });
    await user.click(ownField(AMSTERDAM));
    await user.paste('own');
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ secureJsonData: { [own(AMSTERDAM)]: 'own' } })
    );
    cleanup();
    show({ jsonData: { cockpitUrls: [METRICS] } });
    expect(screen.queryByLabelText(/^Token of/)).not.toBeInTheDocument();
  });

  it('does not require the default token where each URL has its own', () => {
    const secureJsonFields = { [own(METRICS)]: true };
    show({ jsonData: { cockpitUrls: [METRICS] }, secureJsonFields });
    expect(ownField(METRICS)).toBeDisabled();
    expect(screen.getByText('Cockpit token')).toBeInTheDocument();
    cleanup();
    show({ jsonData: { cockpitUrls: [METRICS, AMSTERDAM] }, secureJsonFields });
    expect(screen.getByText(/^Cockpit token \*$/)).toBeInTheDocument();
  });

  it('erases the token of a URL that is removed, and no other', async () => {
    const { user, onOptionsChange } = show({
      jsonData: { cockpitUrls: [METRICS, AMSTERDAM] },
      secureJsonFields: { secretKey: true, cockpitToken: true, [own(METRICS)]: true, [own(AMSTERDAM)]: true },
    });
    await user.click(screen.getAllByRole('button', { name: /^Remove https:/ })[0]);
    expect(onOptionsChange).toHaveBeenLastCalledWith(
      expect.objectContaining({
        jsonData: { cockpitUrls: [AMSTERDAM] },
        secureJsonFields: { secretKey: true, cockpitToken: true, [own(METRICS)]: false, [own(AMSTERDAM)]: true },
        secureJsonData: { [own(METRICS)]: '' },
      })
    );
  });

  it('knows the token of a host in other letter cases', async () => {
    const stored = `cockpitToken@${new URL(AMSTERDAM).host.toUpperCase()}`;
    for (const [removed, left] of [
      [METRICS, AMSTERDAM],
      [AMSTERDAM, METRICS],
    ]) {
      const isLeft = left === AMSTERDAM;
      const { user, onOptionsChange } = show({
        jsonData: { cockpitUrls: [removed, left] },
        secureJsonFields: { cockpitToken: true, [stored]: true },
      });
      const fields = screen.getAllByLabelText(/^Token of /);
      expect(fields.map((field) => field.hasAttribute('disabled'))).toEqual([!isLeft, isLeft]);
      await user.click(screen.getAllByRole('button', { name: /^Remove https:/ })[0]);
      expect(onOptionsChange.mock.lastCall[0].jsonData.cockpitUrls).toEqual([left]);
      expect(onOptionsChange.mock.lastCall[0].secureJsonFields[stored]).toBe(isLeft);
      expect(onOptionsChange.mock.lastCall[0].secureJsonData).toEqual(isLeft ? undefined : { [stored]: '' });
      cleanup();
    }
  });

  it('leaves the tokens of hosts that no removed URL has', async () => {
    const secureJsonFields = { 'cockpitToken@metrics.example.com': true, [own(METRICS)]: true };
    const variable = 'https://$METRICS_HOST';
    for (const [removed, ...left] of [
      [variable, METRICS, AMSTERDAM],
      [AMSTERDAM, variable, METRICS],
    ]) {
      const { user, onOptionsChange } = show({ jsonData: { cockpitUrls: [removed, ...left] }, secureJsonFields });
      await user.click(screen.getAllByRole('button', { name: /^Remove https:/ })[0]);
      const changed = onOptionsChange.mock.lastCall[0];
      expect(changed.jsonData.cockpitUrls).toEqual(left);
      expect([changed.secureJsonFields, changed.secureJsonData]).toEqual([secureJsonFields, undefined]);
      cleanup();
    }
  });

  it('shows a typed token of the only URL that is left', () => {
    show({ jsonData: { cockpitUrls: [METRICS] }, secureJsonData: { [own(METRICS)]: 'typed' } });
    expect(ownField(METRICS)).toHaveValue('typed');
  });

  it('shows each notice, also those that are alike', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation();
    get.mockResolvedValue({ urls: [], notices: ['left out', 'left out'] });
    const { user } = show({ uid: 'audit', jsonData: { cockpitUrls: [METRICS], regions: ['fr-par'] } });
    await user.click(screen.getByRole('button', { name: /^Find URLs/ }));
    expect(await screen.findAllByText('left out')).toHaveLength(2);
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });

  it('asks for notices in the language that Grafana shows', async () => {
    setLanguage('fr-FR');
    get.mockResolvedValue({ urls: [], notices: [] });
    const { user } = show({ uid: 'audit', jsonData: { cockpitUrls: [METRICS], regions: ['fr-par'] } });
    await user.click(screen.getByRole('button', { name: /^Find URLs/ }));
    setLanguage(undefined);
    expect(get.mock.lastCall[1]).toEqual({ language: 'fr-FR' });
  });

  const FOUND = [METRICS, AMSTERDAM].map((url, i) => ({
    url,
    name: 'Scaleway Metrics',
    region: ['fr-par', 'nl-ams'][i],
    project: { id: 'p', name: ['production', null][i] },
  }));

  it('fills in the URLs that Cockpit lists, and stores nothing by itself', async () => {
    get.mockResolvedValue({ urls: FOUND, notices: ['region it-mil has no Cockpit'] });
    const { user, onOptionsChange } = show({
      uid: 'audit',
      jsonData: { cockpitUrls: [AMSTERDAM], regions: ['fr-par'] },
    });
    await user.click(screen.getByRole('button', { name: /^Find URLs/ }));
    expect(get.mock.calls.map(([url]) => url)).toEqual(['/api/datasources/uid/audit/resources/cockpit-urls']);
    expect(onOptionsChange).toHaveBeenCalledTimes(1);
    expect(onOptionsChange.mock.lastCall[0].jsonData.cockpitUrls).toEqual([AMSTERDAM, METRICS]);
    expect(screen.getByText(/^Scaleway Metrics of project production in fr-par: 1111/)).toBeInTheDocument();
    expect(screen.getByText(/^Scaleway Metrics of project p in nl-ams: 6666/)).toBeInTheDocument();
    expect(screen.getByText('region it-mil has no Cockpit')).toBeInTheDocument();
    expect(post).not.toHaveBeenCalled();
  });

  it('fills URLs into the form as it is when the search ends', async () => {
    let answer: (found: object) => void = () => undefined;
    get.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const onOptionsChange = jest.fn();
    const form = (jsonData: Settings) => {
      const options = { uid: 'audit', secureJsonFields: {}, jsonData } as DataSourceSettings<Settings, Secrets>;
      return <ConfigEditor options={options} onOptionsChange={onOptionsChange} />;
    };
    const { rerender } = render(form({ regions: ['fr-par'], cockpitUrls: [AMSTERDAM] }));
    await userEvent.setup().click(screen.getByRole('button', { name: /^Find URLs/ }));
    rerender(form({ regions: ['nl-ams'], cockpitUrls: [], metricsDataSource: 'cockpit' }));
    await act(async () => answer({ urls: FOUND.slice(0, 1), notices: [] }));
    const expected = { regions: ['nl-ams'], cockpitUrls: [METRICS], metricsDataSource: 'cockpit' };
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual(expected);
  });

  it('shows which permission set a search for URLs lacks, and leaves the form as it is', async () => {
    const notice = "the key may not read Cockpit's data sources of p. Give its principal ObservabilityReadOnly";
    get.mockResolvedValue({ urls: [], notices: [notice] });
    const { user, onOptionsChange } = show({ uid: 'audit', jsonData: { cockpitUrls: [METRICS], regions: ['fr-par'] } });
    await user.click(screen.getByRole('button', { name: /^Find URLs/ }));
    expect(screen.getByText(notice)).toBeInTheDocument();
    expect(screen.getByText('No URL was found.')).toBeInTheDocument();
    expect(onOptionsChange).not.toHaveBeenCalled();
  });

  it('shows why a search for URLs fails, with the names of the form', async () => {
    get.mockRejectedValue({ data: { message: 'setting secretKey is empty. Allowed: a UUID.' } });
    const { user } = show({ uid: 'audit', jsonData: { cockpitUrls: [METRICS], regions: ['fr-par'] } });
    await user.click(screen.getByRole('button', { name: /^Find URLs/ }));
    expect(await screen.findByText('setting “Secret key” is empty. Allowed: a UUID.')).toBeInTheDocument();
    expect(screen.getByText('The URLs could not be listed')).toBeInTheDocument();
  });

  it.each(['to ken', 'clé'])('shows what a token may not contain: %s', (cockpitToken) => {
    show({ jsonData: { cockpitUrls: [METRICS] }, secureJsonData: { cockpitToken } });
    expect(screen.getByText('Contains spaces or characters outside ASCII')).toBeInTheDocument();
  });

  const RULE = 'title: Keys at night\n';

  it('has no rules of its own until they are written, and stores them when the field is left', async () => {
    const { user, onOptionsChange } = show({ uid: 'audit', jsonData: { regions: ['fr-par'] } });
    expect(screen.queryByRole('textbox', { name: 'Own rules' })).not.toBeInTheDocument();
    await open(user, /section Detections/);
    const rules = screen.getByRole('textbox', { name: 'Own rules' });
    await user.type(rules, RULE);
    expect(onOptionsChange).not.toHaveBeenCalled();
    fireEvent.blur(rules);
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual({ regions: ['fr-par'], detectionRules: RULE });
  });

  it('removes the setting with the last rule', async () => {
    const { user, onOptionsChange } = show({ uid: 'audit', jsonData: { regions: ['fr-par'], detectionRules: RULE } });
    const rules = screen.getByRole('textbox', { name: 'Own rules' });
    expect(rules).toHaveValue(RULE);
    await user.clear(rules);
    fireEvent.blur(rules);
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual({ regions: ['fr-par'], detectionRules: undefined });
  });

  it('has the errors of the rules with their lines, and checks them again when they are saved', async () => {
    const problem = { source: 'sigma', rule: 'Keys at night', line: 3, message: 'unknown field metod_name' };
    post.mockResolvedValue({ problems: [problem] });
    const onOptionsChange = jest.fn();
    const form = (version: number) => {
      const jsonData = { regions: ['fr-par'], detectionRules: RULE };
      const all = { uid: 'audit', jsonData, secureJsonFields: {}, version };
      return (
        <ConfigEditor
          options={all as unknown as DataSourceSettings<Settings, Secrets>}
          onOptionsChange={onOptionsChange}
        />
      );
    };
    const { rerender } = render(form(1));
    const state = screen.getByTestId('audit-sigma-state');
    expect(await within(state).findByText('Keys at night, line 3: unknown field metod_name')).toBeInTheDocument();
    const [url, body] = post.mock.lastCall;
    expect([url, body]).toEqual([
      '/api/datasources/uid/audit/resources/detections/check',
      { sigma: RULE.trim(), besideShipped: true },
    ]);
    // A data source without valid settings cannot check anything; it can once they are saved.
    post.mockRejectedValueOnce(new Error('organizationId is empty'));
    rerender(form(2));
    expect(post).toHaveBeenCalledTimes(2);
    rerender(form(3));
    expect(await within(state).findByText(/line 3/)).toBeInTheDocument();
    expect(post).toHaveBeenCalledTimes(3);
    expect(onOptionsChange).not.toHaveBeenCalled();
  });

  it('stores no rules of a provisioned data source, whatever the editor makes of their text', () => {
    const { onOptionsChange } = show({ uid: 'audit', readOnly: true, jsonData: { detectionRules: RULE } });
    const rules = screen.getByRole('textbox', { name: 'Own rules' });
    fireEvent.change(rules, { target: { value: RULE.replace('\n', '\n\n') } });
    fireEvent.blur(rules);
    expect(onOptionsChange).not.toHaveBeenCalled();
  });

  it('takes a folder of rules below the root only', async () => {
    const { user, onOptionsChange } = show({ uid: 'audit', jsonData: { detectionFolder: '../rules' } });
    expect(screen.getByText(/^A path below the root/)).toBeInTheDocument();
    await user.type(screen.getByLabelText(/^Folder of rules/), '2');
    expect(onOptionsChange.mock.lastCall[0].jsonData).toEqual({ detectionFolder: '../rules2' });
  });

  it('offers no change of a provisioned data source', async () => {
    const { user } = show({
      readOnly: true,
      jsonData: {
        cacheDirectory: '/srv/cache',
        regions: ['fr-par'],
        cockpitUrls: [METRICS],
        detectionFolder: 'team',
      },
      secureJsonFields: { secretKey: true, cockpitToken: true },
    });
    await open(user, /Limits and connection/);
    expect(screen.queryByRole('button', { name: /^(Reset|Find URLs)/ })).not.toBeInTheDocument();
    const fields = ['textbox', 'spinbutton', 'combobox'].flatMap((role) => screen.getAllByRole(role));
    expect(fields).toHaveLength(20);
    // The text of rules can be read and copied.
    const [rules, ...others] = [screen.getByRole('textbox', { name: 'Own rules' }), ...fields].filter(
      (field, i, all) => all.indexOf(field) === i
    );
    expect(rules).toHaveAttribute('readonly');
    others.forEach((field) => expect(field).toBeDisabled());
    expect(screen.getByLabelText(/^Secret key/)).toHaveValue('configured');
    expect(screen.getByLabelText(/^Cockpit token/)).toHaveValue('configured');
  });

  it('names the permission sets to grant', () => {
    show();
    expect(screen.getByText(/AuditTrailReadOnly .* IAMReadOnly/)).toBeInTheDocument();
  });
});
