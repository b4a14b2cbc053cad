import { columnName, valueName } from './columns';
import { DETECTIONS } from './detections';
import { isGrafana } from './grafana';
import { INVESTIGATE } from './investigate';
import { and } from './phrases';
import { question, type Field, type Fields, type Question, type Value } from './question';
import { t } from './translation';

export type { Amount, Asker, Field } from './question';

/** The most annotations that are sent to be clustered by Grafana. */
const OVERFLOW_CAP = 1000;

const timezone = {
  kind: 'timezone',
  label: () => t('timezone.label', 'Time zone'),
  help: () => t('timezone.help', 'Bars of an hour or longer begin on the clock of this time zone.'),
  unless: { over: 'total' },
} as const;

/** Whether the answer shows how usual each event is. */
const novelty = {
  kind: 'flag',
  label: () => t('novelty.label', 'Novelty'),
  help: () =>
    t(
      'novelty.help',
      'Shows how usual each event is for its principal, by the 30 days before. Reading these days costs calls to Scaleway the first time, in the background.'
    ),
} as const;

/** Whether events about the relatives of the scope's resource are among the events. */
const relatives = { kind: 'flag' } as const;

/** Every question, by the backend's name for it. A new one is an entry here and one in the backend. */
export const QUESTIONS = {
  /** The events themselves. */
  events: question({
    fields: {
      format: { kind: 'choice', options: { logs: {}, table: {} } },
      /** Which events where there are more than `limit`. */
      order: { kind: 'choice', options: { newest: {}, oldest: {} } },
      limit: {
        kind: 'amount',
        label: () => t('limit.label', 'Limit'),
        help: () => t('limit.help', 'At most this many events, the newest first.'),
        most: 1_000_000,
      },
      novelty,
      relatives,
    },
    defaults: () => ({ format: 'logs', order: 'newest', limit: 1000 }),
    shapes: {
      logs: {
        query: { format: 'logs' },
        label: () => t('shape.logs', 'Log lines'),
        help: () => t('shape.logs-help', 'The events, a line each: who did what'),
      },
      table: {
        query: { format: 'table' },
        label: () => t('shape.table', 'Table'),
        help: () => t('shape.table-help', 'The events, a row each, with all columns'),
      },
    },
    words({ format, order, limit, relatives }, events) {
      const about = relatives ? t('words.relatives', '{{events}}, and events about its relatives', { events }) : events;
      const names = { limit: valueName(String(limit)), events: about };
      if (format === 'table') {
        return order === 'oldest'
          ? t('words.table-oldest', 'A table of the oldest {{limit}}: {{events}}.', names)
          : t('words.table', 'A table of the newest {{limit}}: {{events}}.', names);
      }
      return order === 'oldest'
        ? t('words.logs-oldest', 'Log lines of the oldest {{limit}}: {{events}}.', names)
        : t('words.logs', 'Log lines of the newest {{limit}}: {{events}}.', names);
    },
  }),

  /** How many events there are. */
  counts: question({
    fields: {
      over: { kind: 'choice', options: { time: {}, total: {} } },
      groupBy: {
        kind: 'columns',
        leading: true,
        label: () => t('group-by.label', 'For each'),
        help: () => t('group-by.help', 'One series or number for each value of up to eight columns.'),
        none: () => t('group-by.none', 'All together'),
        most: 8,
      },
      groupLimit: {
        kind: 'amount',
        label: () => t('group-limit.label', 'Groups'),
        help: () =>
          t(
            'group-limit.help',
            'At most this many groups; the rest is counted as “other”. Under an alert rule more groups are an error.'
          ),
        most: 1000,
      },
      countOf: {
        kind: 'column',
        label: () => t('count-of.label', 'Count of'),
        help: () => t('count-of.help', 'The events, or the distinct values that they have in a column.'),
        other: { value: 'events', label: () => t('count-of.events', 'events') },
      },
      lookbackSeconds: {
        kind: 'amount',
        label: () => t('count-lookback.label', 'Seconds back'),
        help: () =>
          t(
            'count-lookback.help',
            'How far each number looks back from its end; without a number, it is about its own bar or the range.'
          ),
        empty: () => t('count-lookback.none', 'none'),
        most: 2_592_000,
      },
      timezone,
    },
    defaults: () => ({ over: 'time', groupLimit: 50, countOf: 'events' }),
    shapes: {
      time: {
        query: { over: 'time' },
        label: () => t('shape.time', 'Time series'),
        help: () => t('shape.time-help', 'The number of events over time, for graphs'),
      },
      total: {
        query: { over: 'total' },
        label: () => t('shape.total', 'Totals'),
        help: () => t('shape.total-help', 'The number of events in the range, for tiles and alert rules'),
      },
    },
    words({ over, groupBy = [], countOf, lookbackSeconds, timezone }, events) {
      const by = and(groupBy.map(columnName));
      const sentences = [];
      if (over === 'total') {
        sentences.push(
          by
            ? t('words.total-by', 'Number of events in the range, for each {{by}}: {{events}}.', { by, events })
            : t('words.total', 'Number of events in the range: {{events}}.', { events })
        );
      } else {
        sentences.push(
          by
            ? t('words.time-by', 'Number of events over time, for each {{by}}: {{events}}.', { by, events })
            : t('words.time', 'Number of events over time: {{events}}.', { events })
        );
      }
      if (countOf && countOf !== 'events') {
        const column = columnName(countOf);
        sentences.push(
          t('words.count-of', 'Of the events, the distinct values of {{column}} are counted.', { column })
        );
      }
      if (lookbackSeconds !== undefined) {
        const seconds = valueName(String(lookbackSeconds));
        sentences.push(t('words.count-lookback', 'Each number looks back {{seconds}} s.', { seconds }));
      }
      const zone = over !== 'total' && timezone && valueName(timezone);
      if (zone) {
        sentences.push(t('words.timezone', 'Hours and days are those of the time zone {{zone}}.', { zone }));
      }
      return sentences.join(' ');
    },
  }),

  /** Annotations of a dashboard, or with `overlay` of a panel's own query, beside another data source's series. */
  annotations: question({
    fields: {
      overlay: { kind: 'flag' },
      /** Which events have an annotation. */
      relevance: {
        kind: 'choice',
        label: () => t('relevance.label', 'Show'),
        help: () => t('relevance.help', 'The events that have an annotation.'),
        options: {
          everything: {
            label: () => t('relevance.everything', 'Everything'),
            help: () => t('relevance.everything-help', 'Each event; those beyond the limit share annotations'),
          },
          important: {
            label: () => t('relevance.important', 'What matters'),
            help: () =>
              t('relevance.important-help', 'The most severe and the least usual events, and the number of the others'),
          },
        },
      },
      /** At most this many; without a number the backend computes how many the window has room for. */
      cap: {
        kind: 'amount',
        label: () => t('cap.label', 'At most'),
        help: () =>
          t('cap.help', 'At most this many annotations; without a number, as many as the graph has room for.'),
        empty: () => t('cap.auto', 'auto'),
        most: 5000,
      },
      /** Which events share an annotation. */
      cluster: {
        kind: 'choice',
        label: () => t('cluster.label', 'Clusters'),
        help: () =>
          t(
            'cluster.help',
            'The events that share an annotation; events of different severity never do. Grafana 13.1 and later can cluster annotations itself.'
          ),
        options: {
          near: {
            label: () => t('cluster.near', 'Events close together'),
            help: () => t('cluster.near-help', 'Within a few pixels of each other'),
          },
          overflow: {
            label: () => t('cluster.overflow', 'Only beyond the limit'),
            help: () => t('cluster.overflow-help', 'Each event by itself, until there are too many'),
          },
        },
        unless: { relevance: 'important' },
      },
      /** Whether the severity chooses the color, instead of the annotation's settings. */
      severityColors: {
        kind: 'flag',
        label: () => t('colors.label', 'Severity colors'),
        help: () =>
          t('colors.help', 'A color for each severity; when off, all annotations have the color chosen above.'),
        unless: { overlay: true },
      },
      novelty,
      colorBy: {
        kind: 'choice',
        label: () => t('color-by.label', 'Colors by'),
        help: () => t('color-by.help', 'What the colors stand for.'),
        options: {
          severity: { label: () => t('color-by.severity', 'Severity') },
          novelty: { label: () => t('color-by.novelty', 'Novelty') },
        },
        unless: { severityColors: false },
      },
    },
    // Grafana clusters annotations itself since 13.1.
    defaults: ({ relevance = 'everything', cluster = isGrafana(13, 1) ? 'overflow' : 'near' }) => ({
      relevance,
      cluster,
      cap: cluster === 'overflow' && relevance === 'everything' ? OVERFLOW_CAP : undefined,
      severityColors: true,
      colorBy: 'severity',
    }),
    shapes: {
      overlay: {
        query: { overlay: true },
        askers: ['panel'],
        label: () => t('shape.overlay', 'Overlay'),
        help: () => t('shape.overlay-help', 'Annotations on this panel, over the series of its other queries'),
      },
    },
    words({ overlay, cap, cluster, severityColors, relevance }, events) {
      const sentences = [
        cap === undefined
          ? t('words.annotations-auto', 'Annotations, as many as the graph has room for: {{events}}.', { events })
          : t('words.annotations', 'Annotations, at most {{cap}}: {{events}}.', {
              cap: valueName(String(cap)),
              events,
            }),
      ];
      if (relevance === 'important') {
        sentences.push(t('words.important', 'Only the most severe and the least usual ones; the others are counted.'));
      } else if (cluster === 'overflow') {
        sentences.push(t('words.cluster-overflow', 'Events share an annotation only beyond this limit.'));
      }
      if (severityColors === false && !overlay) {
        sentences.push(t('words.own-color', 'All annotations have the color chosen above.'));
      }
      return sentences.join(' ');
    },
  }),

  /** The distinct values of a column, for variables and pickers. */
  values: question({
    fields: {
      column: {
        kind: 'column',
        leading: true,
        label: () => t('variable.column', 'Values of'),
        help: () =>
          t(
            'variable.column-help',
            'The values found in the events of the dashboard’s time range. Principals, projects and resources are listed by name; the variable’s value is the id.'
          ),
      },
      /** Whether "(none)" is one of the values where an event lacks the column. */
      withNone: { kind: 'flag' },
    },
    defaults: () => ({ column: 'principal' }),
    words: ({ column = '' }, events) =>
      t('words.values', 'The distinct values of {{column}}: {{events}}.', { column: columnName(column), events }),
  }),

  detections: DETECTIONS,

  investigate: INVESTIGATE,

  /** The bars above log lines. */
  volume: question({
    fields: { timezone, relatives },
    defaults: () => ({}),
    words: (_, events) => t('words.volume', 'Number of events of each level, over time: {{events}}.', { events }),
  }),
};

export type QuestionName = keyof typeof QUESTIONS;

/** The fields of one of the questions. */
type AnyFields = (typeof QUESTIONS)[QuestionName]['fields'];

type NameIn<F> = F extends unknown ? keyof F : never;

type ValueIn<F, Name> = F extends unknown ? (Name extends keyof F ? Value<F[Name]> : never) : never;

/** The fields of all questions; one that several have takes the values of each. */
export type QuestionFields = { -readonly [name in NameIn<AnyFields>]?: ValueIn<AnyFields, name> };

type AnyQuestion = Question<Fields, QuestionFields>;

/** A question by its name; those of later versions are taken for events. */
export function questionOf(name: string | undefined): AnyQuestion {
  return name && Object.hasOwn(QUESTIONS, name) ? QUESTIONS[name as QuestionName] : QUESTIONS.events;
}

/** Whether a field is a list of texts that select something: one that is a variable without a value selects nothing. */
export function isSelection({ kind }: Pick<Field, 'kind'>): boolean {
  return kind === 'texts' || kind === 'rules';
}

const ALL = Object.entries<AnyQuestion>(QUESTIONS);

/** Every question's fields, by name; of several fields with one name, the last. */
export const FIELDS: Fields = Object.assign({}, ...ALL.map(([, { fields }]) => fields));

/** Every question's shapes, each with its name and its question. */
export const SHAPES = ALL.flatMap(([queryType, { shapes = {} }]) =>
  Object.entries(shapes).map(([value, shape]) => ({
    ...shape,
    value,
    query: { ...shape.query, queryType: queryType as QuestionName },
  }))
);
