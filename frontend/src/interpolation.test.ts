import { OPERATORS, type Filter } from './conditions';
import { Interpolation } from './interpolation';
import type { AuditQuery } from './query';
import { SCOPE_LISTS, type Scope } from './scope';
import { fakeTemplates } from './test/templates';

const options = (...values: string[]) => values.map((value) => ({ value, text: `The ${value}` }));
const many = Array.from({ length: 1200 }, (_, i) => `v-${i}`);

/** Values of a variable: one value, several, none, All, and All with more values than a list of a query may have. */
const variables = {
  one: { value: "a.b 'c", options: [{ value: "a.b 'c", text: 'The one' }] },
  several: { value: ['x.1', "y'2"], options: [...options('x.1'), { value: "y'2", text: 'The other' }] },
  none: '',
  noneOfMany: { value: [] },
  all: { value: '$__all', includeAll: true, options: options('p', 'q') },
  allOfMany: { value: ['$__all'], includeAll: true, options: options(...many) },
  allPattern: { value: ['$__all'], includeAll: true, allValue: '.*', options: options('p', 'q') },
  allText: { value: '$__all', includeAll: true, allValue: 'p', options: options('p', 'q') },
  allWritten: { type: 'custom', value: '$__all', includeAll: true, options: options('p', 'q') },
  allNarrowed: { value: '$__all', includeAll: true, regex: '/^p/', options: options('p') },
  tooManyWritten: { type: 'custom', value: '$__all', includeAll: true, options: options(...many) },
  search: { type: 'textbox', value: '' },
  number: '25',
  server: { value: 's-1', options: [{ value: 's-1', text: 'web', properties: { zone: 'fr-par-1' } }] },
};
const interpolation = new Interpolation(fakeTemplates(variables), {});
const asked = (query: Partial<AuditQuery>) => interpolation.query({ refId: 'A', ...query });
const scope = (scope: Scope) => asked({ scope });

/** Each format that Grafana documents, with what it makes of `one` and of each value of `several`. */
const FORMATS: Array<[format: string, one: string, several: string[]]> = [
  ['csv', "a.b 'c", ['x.1', "y'2"]],
  ['distributed', "a.b 'c", ['x.1', "y'2"]],
  ['doublequote', '"a.b \'c"', ['"x.1"', '"y\'2"']],
  ['glob', "a.b 'c", ['x.1', "y'2"]],
  ['join:;', "a.b 'c", ['x.1', "y'2"]],
  ['json', "a.b 'c", ['x.1', "y'2"]],
  ['lucene', "a.b\\ 'c", ['x.1', "y'2"]],
  ['percentencode', 'a.b%20%27c', ['x.1', 'y%272']],
  ['pipe', "a.b 'c", ['x.1', "y'2"]],
  ['queryparam', 'var-one=a.b%20%27c', ['var-several=x.1', 'var-several=y%272']],
  ['customqueryparam:w:v-', 'w=v-a.b%20%27c', ['w=v-x.1', 'w=v-y%272']],
  ['raw', "a.b 'c", ['x.1', "y'2"]],
  ['regex', "a\\.b 'c", ['x\\.1', "y'2"]],
  ['singlequote', "'a.b \\'c'", ["'x.1'", "'y\\'2'"]],
  ['sqlstring', "'a.b ''c'", ["'x.1'", "'y''2'"]],
  ['text', 'The one', ['The x.1', 'The other']],
  ['no-such-format', "a.b 'c", ['x.1', "y'2"]],
];

/** The fields that are lists of texts, each with its value for some entries. */
const LISTS: Array<[field: string, of: (entries: string[]) => unknown]> = [
  ...SCOPE_LISTS.map((name): [string, (entries: string[]) => unknown] => [
    `scope.${name}`,
    (entries) => scope({ [name]: entries }).scope?.[name],
  ]),
  ['scope.text', (entries) => [scope({ text: entries }).scope?.text].flat()],
  ['scope.notText', (entries) => [scope({ notText: entries }).scope?.notText].flat()],
  ['groupBy', (entries) => asked({ groupBy: entries }).groupBy],
  ['target', (entries) => asked({ target: entries }).target],
  [
    'filters',
    (entries) =>
      asked({ filters: [{ key: 'method', operator: '=|', value: '', values: entries }] }).filters?.[0].values,
  ],
];

describe('formats', () => {
  describe.each(LISTS)('in %s', (_, of) => {
    it.each(FORMATS)('%s is made of each value by itself', (format, one, several) => {
      for (const [name, expected] of [
        ['one', [one]],
        ['several', several],
      ] as const) {
        expect(of([`\${${name}:${format}}`])).toEqual(expected);
        if (/^\w+$/.test(format)) {
          expect(of([`[[${name}:${format}]]`])).toEqual(expected);
        }
        // As a part of a longer text too.
        expect(of([`<\${${name}:${format}}>`])).toEqual(expected.map((text) => `<${text}>`));
      }
    });

    it('is optional: values are separate entries without one', () => {
      for (const entry of ['$several', '${several}', '[[several]]']) {
        expect(of([entry, 'z'])).toEqual(['x.1', "y'2", 'z']);
      }
    });
  });

  it.each(FORMATS)('of %s, a variable without a value selects nothing, and All selects everything', (format) => {
    for (const list of SCOPE_LISTS) {
      for (const name of ['none', 'noneOfMany']) {
        const query = scope({ [list]: [`\${${name}:${format}}`] });
        expect(query).toEqual({ refId: 'A', scope: {}, emptyVariables: [name] });
      }
      for (const name of ['all', 'allOfMany', 'allPattern']) {
        expect(scope({ [list]: [`\${${name}:${format}}`, 'x'] })).toEqual({ refId: 'A', scope: {} });
      }
    }
  });

  it('of a field for one text and of a pattern are those of Grafana', () => {
    expect(asked({ column: '${several:pipe}' }).column).toBe("x.1|y'2");
    const pattern = (value: string) =>
      asked({ filters: [{ key: 'method', operator: '=~', value }] }).filters?.[0].value;
    expect(pattern('^$one$')).toBe("^a\\.b 'c$");
    expect(pattern('$several')).toBe("(x\\.1|y'2)");
    expect(pattern('${several:pipe}')).toBe("x.1|y'2");
    expect(pattern('${several:text}')).toBe('The x.1 + The other');
    expect(pattern('a-$allPattern')).toBe('a-.*');
    expect(pattern('a-$allWritten')).toBe('a-(p|q)');
    expect(pattern('$unknown.$')).toBe('$unknown.$');
  });
});

describe('Grafana’s own variables', () => {
  it.each([
    ['$__from', '1594671549254'],
    ['${__from:date}', '2020-07-13T20:19:09.254Z'],
    ['${__from:date:iso}', '2020-07-13T20:19:09.254Z'],
    ['${__to:date:seconds}', '1594675149'],
    ['${__from:date:YYYY-MM}', '2020-07'],
    ['$__timezone', 'Europe/Paris'],
    ['$__dashboard', 'Incident'],
    ['${__dashboard.uid}', 'incident'],
    ['${__user.id}', '7'],
    ['${__user.login}', 'ann'],
    ['${__user.email}', 'ann@example.com'],
    ['$__org', '1'],
    ['${__org.name}', 'Main Org.'],
    ['since ${__from:date:iso} by ${__user.login}', 'since 2020-07-13T20:19:09.254Z by ann'],
  ])('%s is replaced in every text', (text, expected) => {
    for (const [, of] of LISTS) {
      expect(of([text])).toEqual([expected]);
    }
    for (const operator of OPERATORS.filter((operator) => !operator.endsWith('~'))) {
      const filters: Filter[] = [{ key: 'method', operator, value: text }];
      expect(asked({ filters }).filters?.[0].value).toBe(expected);
    }
    expect(asked({ column: text }).column).toBe(expected);
    expect(asked({ expression: text, onset: text })).toMatchObject({ expression: expected, onset: expected });
    expect(asked({ timezone: text } as Partial<AuditQuery>)).toMatchObject({ timezone: expected });
  });

  it('come from the request', () => {
    const __interval = { text: '1m', value: '1m' };
    const requested = new Interpolation(fakeTemplates({}), {
      __interval,
      __interval_ms: { text: '60000', value: 60000 },
    });
    expect(requested.texts('$__interval ${__interval_ms}')).toEqual(['1m 60000']);
  });

  it('match everything while the search is empty', () => {
    expect(scope({ text: '$__searchFilter' })).toEqual({ refId: 'A', scope: {} });
  });
});

describe('lists', () => {
  it('take the property of a value', () => {
    expect(interpolation.texts('${server.zone}')).toEqual(['fr-par-1']);
    expect(interpolation.texts('${server.zone:doublequote}')).toEqual(['"fr-par-1"']);
  });

  it('multiply out several variables in one entry', () => {
    expect(interpolation.texts('$several-${number}-[[several]]')).toEqual([
      'x.1-25-x.1',
      "x.1-25-y'2",
      "y'2-25-x.1",
      "y'2-25-y'2",
    ]);
    // The backend refuses more values than a list may have; the list is never cut to that number.
    expect(interpolation.texts('$allOfMany-$allOfMany')).toHaveLength(1001);
  });

  it('leave other text unchanged', () => {
    expect(scope({ principals: ['$unknown', '${unknown:csv}', '*', 'costs $5'] }).scope).toEqual({
      principals: ['$unknown', '${unknown:csv}', '*', 'costs $5'],
    });
  });

  it('see variables of a repeated panel', () => {
    const repeated = new Interpolation(fakeTemplates(variables), { all: { text: 'The db', value: 'db-1' } });
    expect(repeated.query({ refId: 'A', scope: { principals: ['$all', '${all:text}'] } }).scope).toEqual({
      principals: ['db-1', 'The db'],
    });
  });
});

describe('excluded addresses', () => {
  it.each([
    [
      ['203.0.113.0/24', '$several'],
      ['203.0.113.0/24', 'x.1', "y'2"],
    ],
    [['$none', '203.0.113.7'], ['203.0.113.7']],
    [['$all'], ['0.0.0.0/0', '::/0']],
  ])('of %j are %j', (notSourceIps, expected) => {
    expect(scope({ notSourceIps })).toEqual({ refId: 'A', scope: { notSourceIps: expected } });
  });

  it('are none where their variable has no value', () => {
    expect(scope({ notSourceIps: ['$none', '$noneOfMany'] })).toEqual({ refId: 'A', scope: {} });
  });
});

describe('All', () => {
  it('selects everything, as a variable’s value and as a text', () => {
    for (const list of SCOPE_LISTS) {
      for (const entry of ['$all', '${allOfMany}', '[[allPattern]]', '$__all']) {
        expect(scope({ [list]: [entry, 'x'] })).toEqual({ refId: 'A', scope: {} });
      }
    }
    for (const entry of ['$all', '$allOfMany', '$__all']) {
      expect(scope({ text: ['x', entry] })).toEqual({ refId: 'A', scope: {} });
    }
  });

  it('is the custom value of the dashboard’s author', () => {
    expect(scope({ products: ['$allText'] }).scope).toEqual({ products: ['p'] });
    expect(scope({ products: ['$allWritten'] }).scope).toEqual({ products: ['p', 'q'] });
    expect(scope({ products: ['${allWritten:text}'] }).scope).toEqual({ products: ['The p', 'The q'] });
    expect(scope({ products: ['$allNarrowed'] }).scope).toEqual({ products: ['p'] });
    // The backend refuses more values than a list may have.
    expect(scope({ products: ['$tooManyWritten'] }).scope?.products).toHaveLength(1200);
  });

  it('is each of the values within a text or a list of columns', () => {
    expect(scope({ resourceNames: ['web-$all', 'web-$allPattern'] }).scope).toEqual({
      resourceNames: ['web-p', 'web-q'],
    });
    expect(asked({ groupBy: ['$all'] }).groupBy).toEqual(['p', 'q']);
    expect(scope({ notText: '$allPattern' }).scope).toEqual({ notText: ['p', 'q'] });
  });

  it('removes a filter; excluding all values selects no event', () => {
    for (const value of ['$all', '$allOfMany', '$allPattern', '${all:text}', '$__all']) {
      for (const operator of ['=', '=|', '=~', '<', '>='] as const) {
        expect(asked({ filters: [{ key: 'method', operator, value }] }).filters).toEqual([]);
      }
      for (const operator of ['!=', '!=|', '!~'] as const) {
        expect(asked({ filters: [{ key: 'method', operator, value }] }).filters).toEqual([
          { key: 'method', operator: '!~', value: '.*' },
        ]);
      }
    }
  });
});

describe('a variable without a value', () => {
  it('selects nothing, unless the list has other entries', () => {
    expect(scope({ principals: ['$none'], regions: ['$all'] }).emptyVariables).toEqual(['none']);
    expect(scope({ principals: ['$none', '$noneOfMany'], projects: ['[[none]]'] }).emptyVariables).toEqual([
      'none',
      'noneOfMany',
    ]);
    expect(scope({ principals: ['$one', '$none'] })).toEqual({ refId: 'A', scope: { principals: ["a.b 'c"] } });
    expect(scope({ principals: [''], products: [] })).toEqual({ refId: 'A', scope: {} });
  });

  it('selects nothing as the only target, and All is any target', () => {
    expect(asked({ target: ['$none'] })).toEqual({ refId: 'A', emptyVariables: ['none'] });
    expect(asked({ target: ['$none', 'web'] })).toEqual({ refId: 'A', target: ['web'] });
    expect(asked({ target: ['$all', 'web'] })).toEqual({ refId: 'A' });
    expect(asked({ target: [] })).toEqual({ refId: 'A' });
  });

  it('selects no rule', () => {
    expect(asked({ ruleIds: ['$none'], tags: ['$several', 'c'], levels: ['$all'] })).toEqual({
      refId: 'A',
      tags: ['x.1', "y'2", 'c'],
      emptyVariables: ['none'],
    });
  });

  it('leaves a text at its default', () => {
    expect(asked({ onset: ' $none ', expression: '${search}' })).toEqual({ refId: 'A' });
  });

  it('adds no text condition for an empty search box', () => {
    expect(scope({ text: '$search', notText: ['$search', '$none'] })).toEqual({ refId: 'A', scope: {} });
    expect(scope({ text: '$none' }).emptyVariables).toEqual(['none']);
    expect(scope({ text: ['by $none', 'x'] })).toEqual({ refId: 'A', scope: { text: ['by', 'x'] } });
    // An empty id means no resource.
    expect(scope({ resourceIds: ['$search'] }).emptyVariables).toEqual(['search']);
  });

  it('selects nothing in a filter, and excludes nothing', () => {
    for (const operator of OPERATORS) {
      const query = asked({ filters: [{ key: 'status', operator, value: '$none' }] });
      expect(query.filters).toEqual([]);
      expect(query.emptyVariables).toEqual(operator.startsWith('!') ? undefined : ['none']);
    }
    // Written out, no value means that the column is absent.
    const written = { key: 'mfa', operator: '=' as const, value: '' };
    expect(asked({ filters: [written] }).filters).toEqual([written]);
  });

  it('groups by nothing, and leaves a number at its default', () => {
    expect(asked({ groupBy: ['$none', 'method'], cap: '$none' })).toEqual({ refId: 'A', groupBy: ['method'] });
  });

  it('is remembered in a query whose variables are already replaced', () => {
    expect(asked({ emptyVariables: ['resource_id'], scope: {} }).emptyVariables).toEqual(['resource_id']);
  });
});

describe('a PromQL expression', () => {
  it.each([
    ['rate(x{resource_id=~"a|b$"}[5m])', 'rate(x{resource_id=~"a|b$"}[5m])'],
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
    ['x{a="$server"}', 'x{a="s-1"}'],
    ['x{a="$one"}', 'x{a="a.b \'c"}'],
    ['x{a=~"$several"}', 'x{a=~"(x\\\\.1|y\'2)"}'],
    ['x{a=~"${several:pipe}"}', 'x{a=~"x.1|y\'2"}'],
    ['x{a=~"$all", b=~"[[allWritten]]"}', 'x{a=~".*", b=~"(p|q)"}'],
    ['rate(x[$__rate_interval])', 'rate(x[4m])'],
    [' $unknown ', '$unknown'],
  ])('%s becomes %s', (expression, expected) => {
    expect(asked({ expression }).expression).toBe(expected);
  });
});

describe('the text of rules', () => {
  it('has no variables: a dollar stands for itself', () => {
    const sigma = "user_agent|re: '^a$one|${one}[[one]]$__from'\n";
    expect(asked({ sigma }).sigma).toBe(sigma);
  });
});

describe('filters and numbers', () => {
  it('a variable with several values becomes "one of"', () => {
    const query = asked({
      column: '$number',
      limit: '$number',
      groupLimit: '${several}',
      lookbackMinutes: '$number',
      historyDays: '${number}',
      suspects: '[[number]]',
      filters: [
        { key: 'product', operator: '=', value: '$several' },
        { key: 'product', operator: '!=', value: '$several' },
        { key: 'method', operator: '!=', value: '$one' },
        { key: 'status', operator: '>=', value: '$number' },
        { key: 'status', operator: '>=', value: '$several' },
      ],
    });
    expect(query).toEqual({
      refId: 'A',
      column: '25',
      limit: 25,
      // No number: the backend's error names the field.
      groupLimit: "x.1,y'2",
      lookbackMinutes: 25,
      historyDays: 25,
      suspects: 25,
      filters: [
        { key: 'product', operator: '=|', value: 'x.1', values: ['x.1', "y'2"] },
        { key: 'product', operator: '!=|', value: 'x.1', values: ['x.1', "y'2"] },
        { key: 'method', operator: '!=', value: "a.b 'c" },
        { key: 'status', operator: '>=', value: '25' },
        { key: 'status', operator: '>=', value: "x.1,y'2" },
      ],
    });
  });
});
