import { bindings } from './binding';
import { names, reference } from './references';

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
