import { columnName, valueName } from './columns';
import type { Names } from './conditions';
import { isGrafana } from './grafana';
import { and, or, quoted } from './phrases';
import type { RuleList } from './rules';
import { hasVariable } from './references';
import type { ScopeList } from './scope';
import { t } from './translation';

/** A number, or a variable in its place. */
export type Amount = number | string;

interface Labelled {
  /** The name in the editors. Fields without one are set by a shape or by the plugin itself. */
  label?: () => string;
  help?: () => string;
}

interface FieldPlacement extends Labelled {
  /** Whether editors show it before the conditions, and not among the options. */
  leading?: boolean;
  /** The queries in which the field has no effect. */
  unless?: Record<string, unknown>;
  /** Whether it chooses the form of the answer, which alert rules and annotation queries do not have. */
  isForm?: boolean;
}

/** A field of a query that some questions have: its type in JSON, and how the editors show it. */
export type Field = FieldPlacement &
  (
    | { kind: 'amount'; most: number; empty?: () => string }
    | { kind: 'choice'; options: Record<string, Labelled> }
    | { kind: 'columns'; most: number; none: () => string }
    | { kind: 'text' | 'promql'; placeholder: () => string; wrong?: (text: string) => string | undefined }
    /** A list of texts, which are picked as those of a scope's list are. */
    | { kind: 'texts'; like: ScopeList }
    /** A list of texts, which are picked from those of the detection rules. */
    | { kind: 'rules'; list: RuleList; none: () => string }
    /** Sigma rules as YAML, in which `$` stands for itself: they have no variables. */
    | { kind: 'sigma' }
    | { kind: 'column' | 'timezone' | 'flag' }
  );

type Fields = Record<string, Field>;

/** The type of a field in a query. */
type Value<F> = F extends { kind: 'amount' }
  ? Amount
  : F extends { kind: 'choice'; options: infer Options }
    ? keyof Options
    : F extends { kind: 'columns' | 'texts' | 'rules' }
      ? string[]
      : F extends { kind: 'flag' }
        ? boolean
        : string;

type Values<F> = { -readonly [name in keyof F]?: Value<F[name]> };

/** The parts of Grafana that ask for a shape, as far as they differ. */
export type Asker = 'panel' | 'explore' | 'rule';

/** The shape of an answer: a question together with its format. */
interface Shape<Own> {
  label: () => string;
  help: () => string;
  /** The fields that select the shape. */
  query: Own;
  /** Which of them can show it, if not all: Explore draws no annotations, and a rule counts. */
  askers?: readonly Asker[];
}

/** A question about events. */
interface Question<F, Own = Values<F>> {
  /** The fields that the question has beside the events' conditions. */
  fields: F;
  /** The values of fields that a query leaves out. */
  defaults(query: Own): Own;
  /** The shapes that the editor of panels offers. */
  shapes?: Record<string, Shape<Own>>;
  /** A query with its defaults as a sentence about events. */
  words(query: Own, events: string, nameOf: Names): string;
}

function question<const F extends Fields>(entry: Question<F>): Question<F> {
  return entry;
}

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

/** The error of a text that is no time, if it is none: neither RFC 3339 nor the milliseconds of Grafana's variables. */
function timeError(text: string): string | undefined {
  const time = text.trim();
  const form = /^(\d+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/i;
  const isTime = form.test(time) && (!time.includes('-') || Date.parse(time) >= 0);
  return isTime || hasVariable(time)
    ? undefined
    : t('onset.wrong', 'A time such as 2026-03-01T10:00:00Z, milliseconds since 1970, or a variable');
}

/** The parts of an investigation that can be shown. */
const SHOWN = {
  suspects: {
    label: () => t('show.suspects', 'Suspects'),
    help: () => t('show.suspects-help', 'The actions that may explain the move, as a table'),
  },
  annotations: {
    label: () => t('show.annotations', 'Annotations'),
    help: () => t('show.annotations-help', 'The span as a region, the suspects as annotations'),
  },
  graph: {
    label: () => t('show.graph', 'Node graph'),
    help: () => t('show.graph-help', 'Principals, addresses, credentials and resources, joined by events'),
  },
  timeline: {
    label: () => t('show.timeline', 'Timeline'),
    help: () => t('show.timeline-help', 'The steps of each principal, for a state timeline'),
  },
  story: {
    label: () => t('show.story', 'Story'),
    help: () => t('show.story-help', 'What the principals of the suspects did before and after, and their credentials'),
  },
  containment: {
    label: () => t('show.containment', 'Containment'),
    help: () => t('show.containment-help', 'What would stop the suspects, and what else it would break'),
  },
  recovery: {
    label: () => t('show.recovery', 'Recovery'),
    help: () => t('show.recovery-help', 'Whether the metric returned, and what happened since a time'),
  },
  summary: {
    label: () => t('show.summary', 'Summary'),
    help: () => t('show.summary-help', 'The investigation in a few sentences'),
  },
};

/** The forms of the matches of detection rules. */
const MATCHES = {
  matches: {
    label: () => t('matches.matches', 'Matches'),
    help: () =>
      t('matches.matches-help', 'A row for each match: the rule, its level, and the conditions that were met'),
  },
  lines: {
    label: () => t('matches.lines', 'Log lines'),
    help: () => t('matches.lines-help', 'The events of the matches, with the names of the rules'),
  },
  annotations: {
    label: () => t('matches.annotations', 'Annotations'),
    help: () => t('matches.annotations-help', 'An annotation for each match, in the color of its level'),
  },
  counts: {
    label: () => t('matches.counts', 'Counts'),
    help: () => t('matches.counts-help', 'The number of matches over time, for graphs'),
  },
};

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
    words({ format, order, limit }, events) {
      const names = { limit: valueName(String(limit)), events };
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
      timezone,
    },
    defaults: () => ({ over: 'time', groupLimit: 50 }),
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
    words({ over, groupBy = [], timezone }, events) {
      const by = and(groupBy.map(columnName));
      if (over === 'total') {
        return by
          ? t('words.total-by', 'Number of events in the range, for each {{by}}: {{events}}.', { by, events })
          : t('words.total', 'Number of events in the range: {{events}}.', { events });
      }
      const counted = by
        ? t('words.time-by', 'Number of events over time, for each {{by}}: {{events}}.', { by, events })
        : t('words.time', 'Number of events over time: {{events}}.', { events });
      const zone = timezone && valueName(timezone);
      return zone
        ? `${counted} ${t('words.timezone', 'Hours and days are those of the time zone {{zone}}.', { zone })}`
        : counted;
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

  /** The matches of detection rules. */
  detections: question({
    fields: {
      show: {
        kind: 'choice',
        leading: true,
        isForm: true,
        label: () => t('matches.label', 'As'),
        help: () => t('matches.help', 'The form of the answer.'),
        options: MATCHES,
      },
      ruleIds: {
        kind: 'rules',
        list: 'ruleIds',
        leading: true,
        label: () => t('rules.label', 'Rules'),
        help: () => t('rules.help', 'The detection rules, by title: those that ship with the plugin and your own.'),
        none: () => t('rules.any', 'Any rule'),
      },
      levels: {
        kind: 'rules',
        list: 'levels',
        leading: true,
        label: () => t('rule-levels.label', 'Level'),
        help: () => t('rule-levels.help', 'The levels of the rules. A level is the rule’s, a severity the event’s.'),
        none: () => t('rule-levels.any', 'Any level'),
      },
      tags: {
        kind: 'rules',
        list: 'tags',
        leading: true,
        label: () => t('rule-tags.label', 'Tags'),
        help: () => t('rule-tags.help', 'The tags of the rules, such as those of ATT&CK techniques.'),
        none: () => t('rule-tags.any', 'Any tag'),
      },
      sigma: {
        kind: 'sigma',
        label: () => t('sigma.label', 'Own rule'),
        help: () =>
          t(
            'sigma.help',
            'Sigma rules as YAML, for this query alone. They are stored when the field is left, or with Ctrl+S.'
          ),
      },
      overlay: { kind: 'flag' },
    },
    defaults: () => ({ show: 'matches' }),
    shapes: {
      detections: {
        query: {},
        label: () => t('shape.detections', 'Detections'),
        help: () => t('shape.detections-help', 'The matches of detection rules, and why they match'),
      },
    },
    words({ show = 'matches', ruleIds = [], levels = [], tags = [], sigma }, events, nameOf) {
      const is = (column: string, values: string[]) =>
        values.length ? [t('words.is', '{{column}} is {{value}}', { column, value: or(values) })] : [];
      const conditions = [
        ...is(
          t('words.rule', 'the rule'),
          ruleIds.map((id) => quoted(nameOf(id) ?? valueName(id)))
        ),
        ...is(t('words.level', 'the level'), levels.map(valueName)),
        ...is(t('words.tag', 'a tag'), tags.map(valueName)),
      ];
      const own = sigma?.trim() ? t('words.own-rules', 'the query’s own rules') : undefined;
      const some = conditions.length
        ? t('words.some-rules', 'detection rules where {{conditions}}', { conditions: and(conditions) })
        : t('words.all-rules', 'all detection rules');
      const names = { rules: own ?? some, events };
      switch (show) {
        case 'lines':
          return t('words.match-lines', 'Log lines that match {{rules}}: {{events}}.', names);
        case 'annotations':
          return t('words.match-annotations', 'Annotations of the matches of {{rules}}: {{events}}.', names);
        case 'counts':
          return t('words.match-counts', 'Number of matches of {{rules}} over time: {{events}}.', names);
        default:
          return t('words.matches-of', 'A table of the matches of {{rules}}: {{events}}.', names);
      }
    },
  }),

  /** Which actions may explain that a metric moved, and what follows from that. */
  investigate: question({
    fields: {
      show: {
        kind: 'choice',
        leading: true,
        label: () => t('show.label', 'Part'),
        help: () => t('show.help', 'The part of the investigation that is shown.'),
        options: SHOWN,
      },
      expression: {
        kind: 'promql',
        leading: true,
        label: () => t('expression.label', 'Metric'),
        help: () =>
          t(
            'expression.help',
            'The name of the metric, or its PromQL expression. It says what kind of metric it is, such as CPU, memory or requests. If Cockpit is configured and no onset is entered, its series are searched for the onset.'
          ),
        placeholder: () => 'instance_server_cpu_seconds_total',
      },
      direction: {
        kind: 'choice',
        leading: true,
        label: () => t('direction.label', 'Direction'),
        help: () => t('direction.help', 'Which way the metric moved, unless its series have the onset.'),
        options: {
          up: { label: () => t('direction.up', 'Up') },
          down: { label: () => t('direction.down', 'Down') },
        },
      },
      onset: {
        kind: 'text',
        leading: true,
        label: () => t('onset.label', 'Onset'),
        help: () =>
          t(
            'onset.help',
            'When the metric left its band. Without a time, the onset is searched for in the series of the metric; if it is not found, it is the start of the range.'
          ),
        placeholder: () => t('onset.auto', 'Automatic'),
        wrong: timeError,
      },
      recoveredFrom: {
        kind: 'text',
        label: () => t('recovered-from.label', 'Recovered from'),
        help: () => t('recovered-from.help', 'Since when the metric is to be back within its band: for “Recovery”.'),
        placeholder: () => '2026-03-01T11:00:00Z',
        wrong: timeError,
      },
      target: {
        kind: 'texts',
        like: 'resourceIds',
        leading: true,
        label: () => t('target.label', 'Metric of'),
        help: () =>
          t(
            'target.help',
            'The resource that the metric is about, by id or name; without one, that of the series. Actions on other resources stay candidates; the condition “Resource” leaves them out.'
          ),
      },
      lookbackMinutes: {
        kind: 'amount',
        label: () => t('lookback.label', 'Minutes before'),
        help: () => t('lookback.help', 'How far before the onset actions are sought.'),
        most: 1440,
      },
      historyDays: {
        kind: 'amount',
        label: () => t('history.label', 'Days of history'),
        help: () =>
          t(
            'history.help',
            'The days of events before that from which the usual is learned. Each day costs calls to Scaleway the first time.'
          ),
        most: 30,
      },
      suspects: {
        kind: 'amount',
        label: () => t('suspects.label', 'Rows'),
        help: () => t('suspects.help', 'At most this many actions, the most likely first.'),
        most: 100,
      },
      allCandidates: {
        kind: 'flag',
        label: () => t('candidates.label', 'All candidates'),
        help: () => t('candidates.help', 'Shows candidates below the line as well: actions that explain little.'),
      },
      overlay: { kind: 'flag' },
    },
    defaults: ({ show = 'suspects' }) => ({
      show,
      direction: 'up',
      lookbackMinutes: 60,
      // The use of a credential is looked for in all days that are usual to look back.
      historyDays: show === 'containment' ? 30 : 2,
      suspects: 10,
    }),
    shapes: {
      suspects: {
        query: {},
        askers: ['panel', 'explore'],
        label: () => t('shape.suspects', 'Suspects'),
        help: () => t('shape.suspects-help', 'The actions that may explain that a metric moved, the most likely first'),
      },
    },
    words({ show, expression, direction, onset, target = [], suspects }, events, nameOf) {
      const name = expression ? quoted(valueName(expression)) : t('words.metric', 'the metric');
      const of = or(target.map((value) => nameOf(value) ?? valueName(value)));
      const metric = of ? t('words.metric-of', '{{name}} of {{of}}', { name, of }) : name;
      const names = { suspects: valueName(String(suspects)), metric, events };
      const ranked =
        direction === 'down'
          ? t(
              'words.suspects-down',
              'At most {{suspects}} actions that may explain why {{metric}} fell: {{events}}.',
              names
            )
          : t(
              'words.suspects-up',
              'At most {{suspects}} actions that may explain why {{metric}} rose: {{events}}.',
              names
            );
      const sentences = [ranked];
      const time = onset && valueName(onset);
      if (time) {
        sentences.push(t('words.onset', 'Onset: {{time}}.', { time }));
      }
      if (show && show !== 'suspects') {
        const part = SHOWN[show]?.label() ?? valueName(show);
        sentences.push(t('words.show', 'Shown: {{part}}.', { part }));
      }
      return sentences.join(' ');
    },
  }),

  /** The bars above log lines. */
  volume: question({
    fields: { timezone },
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
