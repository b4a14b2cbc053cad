import { act, render, screen } from '@testing-library/react';
import React from 'react';

import type { AuditQuery } from '../query';
import { fakeDataSource } from '../test/fakes';
import { Warnings } from './Warnings';

type Asked = Pick<AuditQuery, 'scope' | 'filters'>;

const WARNING = 'method "createApiKye" is in no list of names that Scaleway or this plugin has';
const ERROR = 'scope.products is "imm". Allowed: iam';

async function show(query: Asked, { variables = {}, alerting = false } = {}) {
  const datasource = fakeDataSource(variables);
  const check = jest.spyOn(datasource.resources, 'check').mockResolvedValue({ error: ERROR, warnings: [WARNING] });
  const warnings = (asked: Asked) => (
    <Warnings datasource={datasource} scope={asked.scope} filters={asked.filters} alerting={alerting} />
  );
  const { rerender } = render(warnings(query));
  await act(async () => undefined);
  return { check, datasource, change: (asked: Asked) => act(async () => rerender(warnings(asked))) };
}

const shown = () => screen.getByTestId('audit-warnings');

describe('Warnings', () => {
  it('show the backend’s warnings about names', async () => {
    await show({ scope: { methods: ['createApiKye'] } });
    // The icon has a name, so that the color is not all that distinguishes a warning.
    expect(shown()).toHaveTextContent(new RegExp(`^Warning${WARNING}$`));
  });

  it('show the error of a rule', async () => {
    const { check } = await show({ scope: { products: ['imm'] } }, { alerting: true });
    expect(shown()).toHaveTextContent('“Products” (scope.products) is "imm". Allowed: iam');
    expect(shown()).toHaveTextContent(WARNING);
    expect(check).toHaveBeenCalledWith(expect.anything(), true);
  });

  it('are requested for names only, with variables replaced, once for each', async () => {
    const filters = [
      { key: 'product', operator: '!=|' as const, value: 'iam', values: ['iam', 'vpc'] },
      { key: 'method', operator: '=~' as const, value: 'Foo.*' },
      { key: 'country', operator: '=' as const, value: 'FR' },
    ];
    const scope = { methods: ['$method'], status: ['denied'], text: 'key' };
    const { check, change } = await show({ scope, filters }, { variables: { method: ['CreateUser', 'Delete*'] } });
    const asked = { scope: { methods: ['CreateUser', 'Delete*'] }, filters: filters.slice(0, 1) };
    expect(check.mock.calls).toEqual([[{ version: 1, queryType: 'counts', ...asked }, false]]);
    await change({ scope: { ...scope, status: ['failed'] }, filters });
    expect(check).toHaveBeenCalledTimes(1);
    await change({ scope: { principals: ['alice'] } });
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('are requested for a variable without a value', async () => {
    const { check } = await show({ scope: { regions: ['$region'] } }, { variables: { region: '' } });
    expect(check).toHaveBeenCalledWith(expect.objectContaining({ emptyVariables: ['region'] }), false);
  });

  it('are empty without a request if the query has no names', async () => {
    const { check, change } = await show({ scope: { methods: ['createApiKye'] } });
    check.mockClear();
    await change({ scope: { status: ['denied'] }, filters: [{ key: 'mfa', operator: '=', value: '(none)' }] });
    expect(check).not.toHaveBeenCalled();
    expect(shown()).toBeEmptyDOMElement();
  });

  it('are empty while the backend fails', async () => {
    const { check, change } = await show({});
    check.mockRejectedValue(new Error('502'));
    await change({ scope: { methods: ['x'] } });
    expect(check).toHaveBeenCalled();
    expect(shown()).toBeEmptyDOMElement();
  });

  it('are the answer of the resource `check`', async () => {
    const datasource = fakeDataSource();
    await datasource.resources.check({ scope: { methods: ['a&b'] } }, true);
    expect(datasource.getResource).toHaveBeenCalledWith(
      'check',
      { query: '{"scope":{"methods":["a&b"]}}', rule: true },
      expect.anything()
    );
  });
});
