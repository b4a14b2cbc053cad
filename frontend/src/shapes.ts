import { CoreApp } from '@grafana/data';

import { isAlerting } from './grafana';
import { matches, withDefaults, type AuditQuery } from './query';
import { questionOf, SHAPES, type Asker, type QuestionName } from './questions';

/** The fields that select a shape. */
const SELECTING = new Set(SHAPES.flatMap(({ query }) => Object.keys(query)));

/** The shapes that an app can show. */
export function shapesIn(app: CoreApp | string | undefined): typeof SHAPES {
  const asker: Asker = isAlerting(app) ? 'rule' : app === CoreApp.Explore ? 'explore' : 'panel';
  return SHAPES.filter(({ askers }) => !askers || askers.includes(asker));
}

/** The shape of a query's answer: the question's first where no field selects another. */
export function shapeOf(query: AuditQuery): string | undefined {
  const [first, ...others] = SHAPES.filter((shape) => shape.query.queryType === query.queryType);
  const asked = withDefaults(query);
  return (others.find((shape) => matches(asked, shape.query)) ?? first)?.value;
}

/** A query as a panel has it: annotations of matches lie over the series of its other queries. */
export function inPanel(query: AuditQuery): AuditQuery {
  if (query.queryType !== 'detections') {
    return query;
  }
  const { overlay: _, ...rest } = query;
  return query.show === 'annotations' ? { ...rest, overlay: true } : rest;
}

/** Whether a question takes a value of a field: several have one of the same name. */
function takes(queryType: QuestionName | undefined, name: string, value: unknown): boolean {
  const field = questionOf(queryType).fields[name];
  return field?.kind !== 'choice' || Object.hasOwn(field.options, String(value));
}

/** The query with another shape; fields that select the shape before it are left out, others stay. */
export function withShape(query: AuditQuery, value: string): AuditQuery {
  const shape = SHAPES.find((shape) => shape.value === value);
  const rest = Object.fromEntries(
    Object.entries(query).filter(([name, own]) => !SELECTING.has(name) && takes(shape?.query.queryType, name, own))
  );
  return { ...rest, refId: query.refId, ...shape?.query };
}
