import { type DataFrame, type DataLink, type InterpolateFunction } from '@grafana/data';

import { draftRule, withDrafts } from './draft';
import { fakeFrame } from './test/fakes';
import { asUser } from './test/user';

const CALL = {
  kind: 'api',
  product: 'iam',
  method: 'CreateAPIKey',
  principal_id: 'p-1',
  status: '200',
  region: 'fr-par',
};

describe('the draft of a rule', () => {
  it('selects the product, method, principal and status of an event', () => {
    expect(draftRule(CALL)).toBe(`title: "Draft: iam CreateAPIKey"
status: experimental
logsource:
  product: scaleway
  service: audit_trail
detection:
  selection:
    product_name: "iam"
    method_name: "CreateAPIKey"
    principal.id: "p-1"
    status_code: 200
  condition: selection
level: medium
`);
  });

  it('selects the kind and the result of a log-in, which has no product', () => {
    const login = { kind: 'authentication', method: 'password', principal_id: 'p-1', status_class: 'failed' };
    expect(draftRule(login)).toContain(`  selection:
    audittrail.kind: "authentication"
    principal.id: "p-1"
    audittrail.status_class: "failed"
  condition`);
  });

  it.each([[{}], [{ kind: 'api', product: 'iam' }], [{ kind: 'system' }], [{ product: 5, method: null }]])(
    'needs more than %j',
    (labels) => {
      expect(draftRule(labels)).toBeUndefined();
    }
  );

  it.each([
    'a"\n  condition: not selection\n#',
    "a'b",
    '*',
    'a?b\\*c\\',
    '${server} $__from [[x]]',
    '- {a: [b]}',
    '\u202e\u2028\u0085\u0000\ud800',
    '!!python/object:os.system',
    '&a *a',
    '|\n  text',
  ])('has one line for each condition, whatever the event says: %j', (hostile) => {
    const rule = draftRule({ product: hostile, method: hostile, principal_id: hostile, status: hostile })!;
    const lines = rule.split('\n');
    expect(lines).toHaveLength(14);
    const values = ['product_name', 'method_name', 'principal.id', 'status_code'].map((field, i) => {
      const line = lines[7 + i];
      expect(line.startsWith(`    ${field}: "`)).toBe(true);
      return JSON.parse(line.slice(line.indexOf('"')));
    });
    // No wildcard is left, and without the escapes it is the text of the event.
    const text = hostile.replace(/\ud800/, '\ufffd');
    values.forEach((value) => {
      expect(value.replace(/\\[\\*?]/g, '')).not.toMatch(/[*?\\]/);
      expect(value.replace(/\\([\\*?])/g, '$1')).toBe(text);
    });

    expect(rule).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e\ud800-\udfff]/);
  });

  it('leaves out what may be shortened', () => {
    const rule = draftRule({ ...CALL, principal_id: 'x'.repeat(201) });
    expect(rule).not.toContain('principal.id');
  });
});

function lines(labels: unknown[]): DataFrame {
  return { ...fakeFrame('events', { timestamp: labels.map(() => 1), labels }), meta: { type: 'log-lines' as never } };
}

function address(frame: DataFrame, row: number): string {
  const field = frame.fields.find(({ name }) => name === 'draft')!;
  const [link] = field.config.links as DataLink[];
  const replaceVariables: InterpolateFunction = (text) => (text === '${__value.raw}' ? field.values[row] : text);
  return String(link.onBuildUrl?.({ origin: undefined, replaceVariables }));
}

const range = { from: 'now-6h', to: 'now' };

describe('log lines', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('have a link to Explore with the draft of a rule', () => {
    const other = { ...CALL, method: '$__from ${x}' };
    const frame = withDrafts(lines([CALL, { kind: 'system' }, other]), 'audit', range);
    const field = frame.fields.find(({ name }) => name === 'draft')!;
    expect(field.values).toEqual(['iam · CreateAPIKey · p-1 · 200', null, 'iam · $__from ${x} · p-1 · 200']);
    expect(field.config.links!.map(({ title }) => title)).toEqual(['Draft a rule from this event']);
    const [first, second, third] = [0, 1, 2].map((row) => address(frame, row));
    expect(second).toBe('');
    // Grafana would replace what looks like a variable.
    expect(third).not.toContain('$');
    for (const [url, labels] of [[first, CALL] as const, [third, other] as const]) {
      const { pathname, searchParams } = new URL(url, 'http://localhost');
      expect(pathname).toBe('/explore');
      expect(JSON.parse(searchParams.get('panes')!).audit).toEqual({
        datasource: 'audit',
        range,
        queries: [
          {
            refId: 'A',
            datasource: { type: 'scaleway-audittrail-datasource', uid: 'audit' },
            version: 1,
            queryType: 'detections',
            show: 'matches',
            sigma: draftRule(labels),
          },
        ],
      });
    }
  });

  it('are those of a frame of lines', () => {
    const table = fakeFrame('events', { labels: [CALL] });
    expect(withDrafts(table, 'audit', range)).toBe(table);
  });
});

describe('log lines of a user without Explore', () => {
  asUser({ permissions: {} });

  it('have no link', () => {
    const frame = lines([CALL]);
    expect(withDrafts(frame, 'audit', range)).toBe(frame);
  });
});
