import { valueName } from './columns';
import { or, quoted } from './phrases';
import { question } from './question';
import { hasVariable } from './references';
import { t } from './translation';

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

/** Which actions may explain that a metric moved, and what follows from that. */
export const INVESTIGATE = question({
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
});
