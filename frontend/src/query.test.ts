import { CoreApp } from '@grafana/data';
import fs from 'fs';
import path from 'path';

import { annotations } from './annotations';
import { COLUMNS, RISK_CLASSES } from './columns';
import { annotationQuery, everything, isEmpty, newQuery, understood, variableQuery, type AuditQuery } from './query';
import { withList, withTexts } from './scope';

const annotation = { name: 'Who did what', enable: true, iconColor: 'red' };

describe('defaults', () => {
  it('show data at once, in what Grafana shows it with', () => {
    expect(newQuery(CoreApp.Explore).queryType).toBe('events');
    expect(newQuery(CoreApp.PanelEditor)).toMatchObject({ queryType: 'counts', over: 'time' });
    expect(newQuery(CoreApp.UnifiedAlerting)).toMatchObject({ queryType: 'counts', over: 'total' });
  });

  it('are for new queries', () => {
    expect(isEmpty({ refId: 'A', hide: false, datasource: { uid: 'x' } })).toBe(true);
    expect(isEmpty({ refId: 'A', scope: {} })).toBe(false);
    expect(understood({ refId: 'A', scope: {} }, CoreApp.PanelEditor).queryType).toBe('events');
    expect(understood({ refId: 'Anno', scope: {} }).queryType).toBe('annotations');
  });

  it('leave out empty fields', () => {
    expect(withList({ products: ['iam'], status: ['denied'] }, 'products', [])).toEqual({ status: ['denied'] });
    expect(withTexts({ text: 'a', notText: 'b' }, 'text', ['  '])).toEqual({ notText: 'b' });
    expect(withTexts({}, 'notText', ['a'])).toEqual({ notText: 'a' });
    expect(withTexts({ notText: 'a' }, 'notText', ['a', ' ', 'b'])).toEqual({ notText: ['a', 'b'] });
  });
});

describe('choices', () => {
  const read = (name: string) => fs.readFileSync(path.join(__dirname, '../..', name), 'utf8');

  it('are the risk classes of the backend', () => {
    const [, ...methods] = read('src/risk/methods.csv').trim().split(/\r?\n/);
    const classes = methods.map((line) => line.split(',')[3]);
    expect(RISK_CLASSES).toEqual([...new Set([...classes, 'denied_actions', 'login_failures'])].sort());
  });

  it('are the columns of the query model', () => {
    const listed = /`column` and a filter's `key` take [^:]*: ([^.]*)\./.exec(read('docs/query-model.md'))?.[1] ?? '';
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, column]) => column)).toEqual([...COLUMNS]);
  });
});

describe('annotations', () => {
  const fresh = {
    refId: 'Anno',
    version: 1,
    queryType: 'annotations',
    relevance: 'important',
  };

  it('a new annotation shows what matters of all events', () => {
    expect(annotations.prepareQuery?.({ ...annotation })).toEqual(fresh);
    // As Grafana hands it to the editor, in version 2 of dashboards too.
    const left = { limit: 100, matchAny: false, tags: [], type: 'dashboard' };
    for (const target of [undefined, { refId: 'Anno' }, {}, left, { refId: 'Anno', datasource: { uid: 'x' } }]) {
      expect(annotationQuery(target as AuditQuery)).toMatchObject(fresh);
    }
  });

  it('a stored annotation has no conditions but its own', () => {
    for (const stored of [{ queryType: 'annotations' as const }, { version: 1 }, { scope: {} }, everything()]) {
      const query = annotationQuery({ refId: 'Anno', queryType: 'annotations', ...stored });
      expect([Object.keys(query.scope ?? {}), query.filters, query.relevance]).toEqual([[], undefined, undefined]);
    }
    // Grafana would add defaults to the query that the editor shows and stores, and not to the query that the dashboard sends.
    expect(annotations.getDefaultQuery).toBeUndefined();
  });

  it('leaves stored fields of any question unchanged', () => {
    const target = {
      refId: 'Anno',
      queryType: 'counts' as const,
      overlay: true,
      cap: 20,
      scope: { products: ['iam'] },
    };
    const query = annotations.prepareQuery?.({ ...annotation, target });
    expect(query).toEqual({
      refId: 'Anno',
      version: 1,
      queryType: 'annotations',
      cap: 20,
      scope: { products: ['iam'] },
    });
  });

  it('of detection rules have the form of annotations, and the tags of the rules', () => {
    const own = { queryType: 'detections' as const, tags: ['attack.t1526'], limit: 50 };
    const target = { refId: 'Anno', version: 1, ...own, type: 'dashboard', matchAny: false };
    const query = annotations.prepareQuery?.({ ...annotation, target });
    expect(query).toEqual({
      refId: 'Anno',
      version: 1,
      queryType: 'detections',
      show: 'annotations',
      tags: ['attack.t1526'],
      limit: 50,
    });
  });

  it('drops the fields of Grafana’s own annotations', () => {
    const left = { refId: 'Anno', type: 'dashboard', limit: 100, tags: [], matchAny: false };
    expect(annotations.prepareQuery?.({ ...annotation, target: left })).toEqual(annotations.prepareQuery?.(annotation));
  });

  it('does not change a stored annotation, which would make the editor save it again and again', () => {
    expect(annotations.prepareAnnotation).toBeUndefined();
  });
});

describe('variables', () => {
  it('a new variable lists principals', () => {
    for (const stored of ['', undefined, {}]) {
      expect(variableQuery(stored)).toEqual({
        refId: 'Variable',
        version: 1,
        queryType: 'values',
        column: 'principal',
      });
    }
  });
});
