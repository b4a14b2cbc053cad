import { alternatives, matchers } from './promql';

const shown = (expression: string) =>
  matchers(expression).map(({ label, operator, value }) => label + operator + value);

describe('the matchers of an expression', () => {
  it.each([
    ['up', []],
    ['up{}', []],
    ['up{a="b"}', ['a=b']],
    ['sum by (a) (rate(x{ a = "b" , c=~"d|e", }[5m])) / on (a) y{f!="g", h!~"i"}', ['a=b', 'c=~d|e', 'f!=g', 'h!~i']],
    ['{__name__=~"a|b", resource_id="r-1"}', ['__name__=~a|b', 'resource_id=r-1']],
    ['{"a.metric", "resource.id"="r-1"}', ['resource.id=r-1']],
    [`x{a='it''s'}`, ['a=it']],
    ['x{a="say \\"hi\\"", b="c\\\\d", e=\'\\\'\', f=`\\n`}', ['a=say "hi"', 'b=c\\d', "e='", 'f=\\n']],
    ['x{a="}"} + y{b="{c=\\"d\\"}"}', ['a=}', 'b={c="d"}']],
    ['label_replace(x, "a", "$1", "b", "{c=\\"d\\"}")', []],
    ['x{a="b"} # and not y{c="d"}\n + z{e="f"}', ['a=b', 'e=f']],
    ['x{a="#"}', ['a=#']],
    [
      'x{a="$server", b=~"${server:regex}", c="[[x]]"}[$__rate_interval]',
      ['a=$server', 'b=~${server:regex}', 'c=[[x]]'],
    ],
    ['rate(x{a="b"}[${interval}])', ['a=b']],
    ['x{${matchers}, a="b"}', ['a=b']],
    ['{resource_name="web-1"} |= "x{a=\\"b\\"}" | json | level="error"', ['resource_name=web-1']],
    ['x{a="b", c=', ['a=b']],
    ['x{a="b', []],
    ['{=}{="}{', []],
    ['', []],
  ])('%j', (expression, expected) => {
    expect(shown(expression)).toEqual(expected);
  });
});

describe('the alternatives of a pattern', () => {
  it.each([
    ['web-1', ['web-1']],
    ['web-1|web-2', ['web-1', 'web-2']],
    ['(web-1|web-2)', ['web-1', 'web-2']],
    ['(?:a|b)', ['a', 'b']],
    ['a\\.b', ['a.b']],
    ['a.b', undefined],
    ['web-.*', undefined],
    ['web-\\d', undefined],
    ['(a)(b)', undefined],
    ['a||b', undefined],
    ['', undefined],
  ])('%j', (pattern, expected) => {
    expect(alternatives(pattern)).toEqual(expected);
  });
});
