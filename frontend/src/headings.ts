import { columnOf } from './columns';
import { t } from './translation';

/** The headings of columns that are no attributes of an event, by the backend's names for them. */
const TABLE: Record<string, () => string> = {
  // Events.
  time: () => t('heading.time', 'time'),
  timeEnd: () => t('heading.timeEnd', 'end'),
  novelty_reason: () => t('heading.novelty_reason', 'reason for the novelty'),
  request_body: () => t('heading.request_body', 'request body'),
  resources: () => t('heading.resources', 'resources'),
  count: () => t('heading.count', 'count'),
  // Annotations.
  title: () => t('heading.title', 'title'),
  text: () => t('heading.text', 'text'),
  tags: () => t('heading.tags', 'tags'),
  color: () => t('heading.color', 'color'),
  isRegion: () => t('heading.isRegion', 'is a region'),
  newState: () => t('heading.newState', 'state'),
  cluster_end: () => t('heading.cluster_end', 'last event'),
  resource_parents: () => t('heading.resource_parents', 'parents of the resource'),
  // Matches of rules.
  level: () => t('heading.level', 'level'),
  rule: () => t('heading.rule', 'rule'),
  rule_id: () => t('heading.rule_id', 'rule id'),
  event: () => t('heading.event', 'event'),
  event_ids: () => t('heading.event_ids', 'event ids'),
  resource: () => t('heading.resource', 'resource'),
  value: () => t('heading.value', 'value'),
  why: () => t('heading.why', 'why'),
  since: () => t('heading.since', 'since'),
  // Suspects.
  rank: () => t('heading.rank', 'rank'),
  verdict: () => t('heading.verdict', 'verdict'),
  score: () => t('heading.score', 'score'),
  seconds_before: () => t('heading.seconds_before', 'seconds before'),
  time_points: () => t('heading.time_points', 'time (points)'),
  closeness: () => t('heading.closeness', 'closeness'),
  effect: () => t('heading.effect', 'effect'),
  touched: () => t('heading.touched', 'touched'),
  risk: () => t('heading.risk', 'risk'),
  rarity: () => t('heading.rarity', 'rarity'),
  sequence: () => t('heading.sequence', 'sequence'),
  events: () => t('heading.events', 'events'),
  evidence: () => t('heading.evidence', 'evidence'),
  // The story.
  phase: () => t('heading.phase', 'phase'),
  step: () => t('heading.step', 'step'),
  sentence: () => t('heading.sentence', 'what'),
  until: () => t('heading.until', 'until'),
  event_id: () => t('heading.event_id', 'event id'),
  role: () => t('heading.role', 'role'),
  steps: () => t('heading.steps', 'steps'),
  refused: () => t('heading.refused', 'refused calls'),
  failed_log_ins: () => t('heading.failed_log_ins', 'failed log-ins'),
  addresses: () => t('heading.addresses', 'source addresses'),
  user_agents: () => t('heading.user_agents', 'user agents'),
  credentials: () => t('heading.credentials', 'credentials'),
  credential: () => t('heading.credential', 'credential'),
  made_by: () => t('heading.made_by', 'made by'),
  made_by_id: () => t('heading.made_by_id', 'id of its maker'),
  used_by: () => t('heading.used_by', 'used by'),
  used_by_id: () => t('heading.used_by_id', 'id of its user'),
  events_since: () => t('heading.events_since', 'events since'),
  first_event: () => t('heading.first_event', 'first event'),
  deleted: () => t('heading.deleted', 'deleted'),
  // Containment.
  suspects: () => t('heading.suspects', 'suspects'),
  suspect: () => t('heading.suspect', 'suspect'),
  reversible: () => t('heading.reversible', 'reversible'),
  done: () => t('heading.done', 'done'),
  breaks: () => t('heading.breaks', 'what it breaks'),
  console_url: () => t('heading.console_url', 'console'),
  command: () => t('heading.command', 'command'),
  undo: () => t('heading.undo', 'command that undoes it'),
  // Recovery.
  check: () => t('heading.check', 'check'),
  detail: () => t('heading.detail', 'found'),
  // The metric.
  series: () => t('heading.series', 'series'),
  onset: () => t('heading.onset', 'onset'),
  threshold: () => t('heading.threshold', 'threshold'),
  peak: () => t('heading.peak', 'peak (scales)'),
  returned: () => t('heading.returned', 'returned'),
  metric: () => t('heading.metric', 'metric'),
  // The summary.
  part: () => t('heading.part', 'part'),
  summary: () => t('heading.summary', 'summary'),
};

/** The heading of a column in a table for people; none of a column that is not the backend's own. */
export function heading(name: string): string | undefined {
  const label = (Object.hasOwn(TABLE, name) ? TABLE[name] : columnOf(name)?.label)?.();
  return label && label.charAt(0).toLocaleUpperCase() + label.slice(1);
}
