import { completions, positionAt, type Known, type Position } from './sigma';

const HEAD = `title: A
logsource:
  product: scaleway
detection:
  selection:
    method_name: CreateServer
`;

describe('the position at the end of a text', () => {
  const shown = (position: Position | undefined) =>
    position && 'keys' in position ? [position.kind, position.keys[0], position.typed] : Object.values(position ?? {});

  it.each([
    ['', ['key', 'title', '']],
    ['title: A\nlev', ['key', 'title', 'lev']],
    ['logsource:\n  ', ['key', 'product', '']],
    ['detection:\n  sel', ['key', 'selection', 'sel']],
    ['correlation:\n  ', ['key', 'type', '']],
    ['audittrail:\n  first_seen:\n    ', ['key', 'fields', '']],
    [`${HEAD}    `, ['field', '']],
    [`${HEAD}    prin`, ['field', 'prin']],
    [`${HEAD}    resources[any].ty`, ['field', 'resources[any].ty']],
    [`${HEAD}  other:\n    - `, ['field', '']],
    [`${HEAD}  other:\n    - a: b\n      met`, ['field', 'met']],
    [`${HEAD}    source_ip|ci`, ['modifier', 'ci']],
    [`${HEAD}    method_name|contains|`, ['modifier', '']],
    [`${HEAD}    principal.id: `, ['value', 'principal.id', '']],
    [`${HEAD}    method_name|contains: Del`, ['value', 'method_name', 'Del']],
    [`${HEAD}    "method_name": "Del`, ['value', 'method_name', '"Del']],
    [`${HEAD}    'resources[any].type|endswith': x`, ['value', 'resources[any].type', 'x']],
    [`${HEAD}    product_name:\n      - i`, ['value', 'product_name', 'i']],
    [`${HEAD}    product_name:\n    - i`, ['value', 'product_name', 'i']],
    [`${HEAD}    product_name|all:\n      - iam\n      - `, ['value', 'product_name', '']],
    ['level: ', ['word', expect.arrayContaining(['high']), '']],
    ['logsource:\n  service: au', ['word', ['audit_trail'], 'au']],
    ['title: A\n---\ncorrelation:\n  type: ', ['word', expect.arrayContaining(['value_count']), '']],
    ['title: ', []],
    ['tags:\n  - ', []],
    ['description: level: ', []],
  ])('%j', (text, expected) => {
    expect(shown(positionAt(text))).toEqual(expected);
  });

  it('of a condition has the names of the selections', () => {
    const position = positionAt(`${HEAD}  filter_robots:\n    principal.id: a\n  condition: selection and not (fil`);
    expect(position).toMatchObject({ kind: 'word', typed: 'fil' });
    expect(shown(position)[1].slice(0, 3)).toEqual(['selection', 'filter_robots', 'and']);
  });

  it('does not see another document', () => {
    expect(positionAt(`${HEAD}---\n  `)).toMatchObject({ kind: 'key' });
    expect(shown(positionAt(`${HEAD}---\ndetection:\n  condition: `))[1]).not.toContain('selection');
  });

  it('ends for a long text', () => {
    expect(positionAt(`${HEAD.repeat(2000)}    x`)).toMatchObject({ kind: 'field', typed: 'x' });
  });
});

describe('completions', () => {
  const known: Known = {
    fields: async () => [
      { name: 'method_name', description: 'The method' },
      { name: 'audittrail.severity', description: 'The severity', values: ['high', 'low'] },
    ],
    values: async (field) =>
      [`${field} *?\\`, '403', '(none)', 'CreateServer'].map((value) => ({ value, label: value })),
  };

  it('of fields have what they mean', async () => {
    const found = await completions({ kind: 'field', typed: '' }, known);
    expect(found[0]).toEqual({ label: 'method_name', insert: 'method_name: ', about: 'The method' });
  });

  it('of values are compared as they are', async () => {
    const found = await completions({ kind: 'value', field: 'user_agent', typed: '' }, known);
    expect(found.map(({ insert }) => insert)).toEqual([
      '"user_agent \\\\*\\\\?\\\\\\\\"',
      '403',
      'null',
      'CreateServer',
    ]);
    expect(found[0].label).toBe('user_agent *?\\');
  });

  it('of a field with fixed values are these', async () => {
    const found = await completions({ kind: 'value', field: 'audittrail.severity', typed: '' }, known);
    expect(found.map(({ insert }) => insert)).toEqual(['high', 'low']);
  });

  it('of modifiers, keys and words need no answer', async () => {
    const none: Known = { fields: () => Promise.reject(new Error()), values: () => Promise.reject(new Error()) };
    const all: Position[] = [
      { kind: 'modifier', typed: '' },
      { kind: 'key', keys: ['level'], typed: '' },
      { kind: 'word', words: ['and'], typed: '' },
    ];
    const found = await Promise.all(all.map((position) => completions(position, none)));
    expect(found.map(([{ insert }]) => insert)).toEqual(['contains', 'level: ', 'and']);
  });
});
