import { bindingOf, bindings, isBound, isUnbound, withBinding, withoutBinding, type Binding } from './binding';
import type { AuditQuery } from './query';
import { names, reference } from './references';
import { fakeTemplates, type FakeVariables } from './test/templates';

describe('binding', () => {
  it('finds variables by their name', () => {
    expect(bindings([{ name: 'resource_id' }, { name: 'Region' }, { name: 'env' }])).toEqual([
      { variable: 'resource_id', list: 'resourceIds' },
      { variable: 'Region', list: 'regions' },
    ]);
  });

  it('finds variables by the label or column they are filled from', () => {
    const variables = [
      { name: 'server', query: { query: 'label_values(cpu{a="b"}, resource_name)' } },
      { name: 'what', query: { queryType: 'values', column: 'project' } },
      { name: 'plain', query: 'label_values(project_id)' },
      { name: 'other', query: 'label_values(job)' },
    ];
    expect(bindings(variables)).toEqual([
      { variable: 'server', list: 'resourceNames' },
      { variable: 'what', list: 'projects' },
      { variable: 'plain', list: 'projects' },
    ]);
  });

  it('recognizes a variable in each syntax', () => {
    for (const entry of ['$x', '${x}', '[[x]]', reference('x')]) {
      expect(names(entry, 'x')).toBe(true);
    }
    expect(names('$xy', 'x')).toBe(false);
  });
});

describe('a binding', () => {
  /** The binding of a panel with these expressions, in the queries A, B, ... */
  function found(variables: FakeVariables, ...expressions: unknown[]): Binding | undefined {
    const others = expressions.map((expr, i) => ({ refId: 'ABC'[i], expr }));
    return bindingOf(fakeTemplates(variables), others);
  }

  it('is the resource that the other queries select', () => {
    expect(found({}, 'rate(cpu{resource_id="r-1"}[5m])')).toEqual({ scope: { resourceIds: ['r-1'] }, queries: ['A'] });
  });

  it('is all resources that several queries select, each once', () => {
    const expressions = ['x{resource_id="r-1"} / y{resource_id="r-1"}', 'up', 'z{resource_id=~"r-1|r-2"}'];
    expect(found({}, ...expressions)).toEqual({ scope: { resourceIds: ['r-1', 'r-2'] }, queries: ['A', 'C'] });
  });

  it.each([
    ['=~"$server"', ['${server}']],
    ['="${server}"', ['${server}']],
    ['=~"${server:regex}"', ['${server}']],
    ['=~"[[server]]"', ['${server}']],
    ['=~"($server|db-1)"', ['${server}', 'db-1']],
    ['="web-$server"', ['web-${server}']],
    ['=~"web\\\\.$server"', ['web.${server}']],
    ['=~"${server.name}"', ['${server.name}']],
  ])('follows a variable: resource_name%s', (matcher, resourceNames) => {
    expect(found({ server: ['web-1'] }, `up{resource_name${matcher}}`)?.scope).toEqual({ resourceNames });
  });

  it.each([
    'resource_name!="web-1"',
    'resource_name!~"web-1"',
    'resource_name=~".*"',
    'resource_name=~"web-.*"',
    'resource_name=~"$server.*"',
    'resource_name=""',
    'resource_name="$unknown"',
    'resource_id="$__dashboard"',
    'job="web-1"',
    'constructor="web-1"',
  ])('is none where a list cannot select the same: %s', (matcher) => {
    expect(found({ server: 'web-1' }, `up{${matcher}}`)).toBeUndefined();
  });

  it('is the most specific of what is known', () => {
    const region = 'region="fr-par"';
    const project = 'project_id="p-1"';
    const name = 'resource_name="web-1"';
    expect(found({}, `up{${region}}`)?.scope).toEqual({ regions: ['fr-par'] });
    expect(found({}, `up{${region}, ${project}}`)?.scope).toEqual({ projects: ['p-1'], regions: ['fr-par'] });
    expect(found({}, `up{${region}, ${project}, ${name}}`)?.scope).toEqual({ resourceNames: ['web-1'] });
    expect(found({}, `up{${name}}`, 'up{resource_id="r-1"}')).toEqual({
      scope: { resourceIds: ['r-1'] },
      queries: ['B'],
    });
  });

  it.each([
    ['web-1:9100', { resourceNames: ['web-1'] }],
    ['web-1', { resourceNames: ['web-1'] }],
    ['10.0.0.1:9100', undefined],
    ['[::1]:9100', undefined],
    ['localhost:9090', undefined],
    ['$host', { resourceNames: ['${host}'] }],
    ['$target', undefined],
    ['$all', undefined],
  ])('is the host of an instance: %s', (instance, scope) => {
    const all = { value: ['$__all'], includeAll: true, options: [{ text: 'web-1', value: 'web-1' }] };
    const variables = { host: ['web-1', 'web-2'], target: ['web-1', 'web-2:9100'], all };
    expect(found(variables, `up{instance="${instance}"}`)?.scope).toEqual(scope);
  });

  it('is no host where a label has the name', () => {
    expect(found({}, 'up{instance="node-0", resource_name="db"}')?.scope).toEqual({ resourceNames: ['db'] });
    expect(found({}, 'up{instance="node-0", region="fr-par"}')?.scope).toEqual({ resourceNames: ['node-0'] });
  });

  it('is what the dashboard’s variables choose, unless the queries select something', () => {
    const variables = { region: 'fr-par', resource_id: 'r-1' };
    expect(found(variables)).toEqual({ scope: { resourceIds: ['${resource_id}'] }, queries: [] });
    expect(found({ region: 'fr-par' }, 'up', 5, undefined)).toEqual({ scope: { regions: ['${region}'] }, queries: [] });
    expect(found(variables, 'up{resource_name="db"}')?.scope).toEqual({ resourceNames: ['db'] });
    expect(found({ other: 'x' }, 'up')).toBeUndefined();
  });

  const binding: Binding = { scope: { resourceIds: ['r-1'], regions: ['fr-par'] }, queries: [] };

  it('is removed as it was added, and leaves a trace', () => {
    const query: AuditQuery = { refId: 'A', queryType: 'counts', scope: { status: ['denied'], resourceIds: ['r-0'] } };
    const bound = withBinding(query, binding);
    expect(bound.scope).toEqual({ status: ['denied'], resourceIds: ['r-1'], regions: ['fr-par'] });
    expect([isBound(query, binding), isBound(bound, binding)]).toEqual([false, true]);
    expect(withoutBinding(bound, binding).scope).toEqual({ status: ['denied'] });
    const fresh: AuditQuery = { refId: 'A', queryType: 'counts' };
    const removed = withoutBinding(withBinding(fresh, binding), binding);
    expect(removed.scope).toEqual({});
    expect([isUnbound(fresh), isUnbound(removed), isUnbound({ ...fresh, target: [] })]).toEqual([true, false, false]);
  });

  it('is the target of an investigation, which keeps other resources as candidates', () => {
    const query: AuditQuery = { refId: 'A', queryType: 'investigate' };
    const bound = withBinding(query, binding);
    expect(bound).toEqual({ ...query, target: ['r-1'] });
    expect(isBound(bound, binding)).toBe(true);
    const removed = withoutBinding(bound, binding);
    expect([removed.target, removed.scope, isUnbound(removed)]).toEqual([undefined, {}, false]);
    const region: Binding = { scope: { regions: ['fr-par'] }, queries: [] };
    expect([withBinding(query, region), isBound(query, region)]).toEqual([query, false]);
  });
});
