import { valueName } from './columns';
import { and, or, quoted } from './phrases';
import { question } from './question';
import { t } from './translation';

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

/** The matches of detection rules. */
export const DETECTIONS = question({
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
    limit: {
      kind: 'amount',
      label: () => t('limit.label', 'Limit'),
      help: () => t('match-limit.help', 'At most this many matches, the newest first.'),
      most: 1_000_000,
      unless: { show: 'counts' },
    },
    overlay: { kind: 'flag' },
  },
  defaults: ({ show = 'matches' }) => ({ show, limit: show === 'annotations' ? 200 : 1000 }),
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
});
