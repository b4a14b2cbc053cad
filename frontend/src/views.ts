import { type DataFrame, type Field, FieldType } from '@grafana/data';

import { t } from './translation';

/**
 * The panels in which Explore shows frames. It would write a timeline as a table with a column for each principal, and merge all
 * tables of a query into one: anomalous spans would be rows among the suspects.
 */
const PANELS: Record<string, string> = { timeline: 'state-timeline', spans: 'table' };

/** The columns with sentences, which Explore would cut after a few words, and those beside them; their widths in pixels. */
const WIDTHS: Record<string, number> = {
  breaks: 360,
  check: 280,
  command: 420,
  detail: 480,
  event: 340,
  part: 120,
  rule: 280,
  sentence: 420,
  step: 260,
  summary: 900,
  why: 480,
};

/** The names of a node graph's fields in its legend. */
const LEGEND: Record<string, () => string> = {
  mainstat: () => t('graph.events', 'events'),
  arc__suspect: () => t('graph.suspect', 'suspect'),
  arc__other: () => t('graph.other', 'other'),
};

/** A condition of a rule that held, as the backend writes it. */
interface Held {
  condition: string;
  value: string;
}

/** Conditions as text, where a table would show their JSON. */
function heldText(held: unknown): unknown {
  return Array.isArray(held) ? held.map(({ condition, value }: Held) => `${condition}: ${value}`).join('\n') : held;
}

function shown(field: Field): Field {
  const { config, name, values } = field;
  const width = Object.hasOwn(WIDTHS, name) ? WIDTHS[name] : undefined;
  const cell = width && { width, cellOptions: { type: 'auto', wrapText: true }, ...config.custom };
  const displayName = Object.hasOwn(LEGEND, name) ? LEGEND[name]() : config.displayName;
  return {
    ...field,
    ...(name === 'why' && field.type === FieldType.other && { type: FieldType.string, values: values.map(heldText) }),
    config: { ...config, ...(cell && { custom: cell }), ...(displayName && { displayName }) },
  };
}

/** A frame of an investigation or of matches as Explore shows it best: there is no panel whose options could do that. */
export function inExplore(frame: DataFrame): DataFrame {
  const name = frame.name ?? '';
  const panel = Object.hasOwn(PANELS, name) ? { preferredVisualisationPluginId: PANELS[name] } : {};
  return { ...frame, fields: frame.fields.map(shown), meta: { ...frame.meta, ...panel } };
}
