import { type DataFrame, type Field, FieldColorModeId, type FieldConfig, FieldType } from '@grafana/data';

import { heading } from './headings';

/**
 * The panels in which Explore shows frames. It would write a timeline as a table with a column for each principal, and merge all
 * tables of a query into one: anomalous spans would be rows among the suspects.
 */
const PANELS: Record<string, string> = { timeline: 'state-timeline', spans: 'table' };

/** The settings of all fields of a frame: a lane of the timeline has a color of its own. */
const FIELDS = new Map<string, FieldConfig>([['timeline', { color: { mode: FieldColorModeId.PaletteClassic } }]]);

/** Grafana 12.3 reads the second. */
const WRAPPED = { wrapText: true, cellOptions: { type: 'auto', wrapText: true } };

/** The cells of columns: Explore gives each the same width, and cuts a sentence after a few words. */
const CELLS = new Map<string, object>([
  ...['detail', 'summary'].map((name): [string, object] => [name, WRAPPED]),
  ...Object.entries({
    check: 280,
    command: 420,
    event: 340,
    rule: 280,
    sentence: 420,
    text: 420,
    title: 300,
    step: 260,
    why: 420,
    breaks: 360,
    series: 360,
    threshold: 280,
    verdict: 160,
  }).map(([name, width]): [string, object] => [name, { ...WRAPPED, width }]),
  ...Object.entries({ part: 120, rank: 70, score: 80, seconds_before: 150 }).map(([name, width]): [string, object] => [
    name,
    { width },
  ]),
]);

/** Frames whose fields, apart from times, have names of their own: those of a series are its labels, and a node graph's come with it. */
const NAMED: ReadonlySet<unknown> = new Set(['edges', 'log-lines', 'nodes', 'timeseries-multi', 'timeseries-wide']);

/** A condition of a rule that held, as the backend writes it. */
interface Held {
  condition: string;
  value: string;
}

/** Conditions as text, where a table would show their JSON. */
function heldText(held: unknown): unknown {
  return Array.isArray(held) ? held.map(({ condition, value }: Held) => `${condition}: ${value}`).join('\n') : held;
}

function shown(field: Field, displayName: string | undefined, defaults?: FieldConfig): Field {
  const { config, name, type, values } = field;
  return {
    ...field,
    ...(name === 'why' && type === FieldType.other && { type: FieldType.string, values: values.map(heldText) }),
    config: {
      ...defaults,
      ...config,
      ...(displayName && { displayName }),
      custom: { ...CELLS.get(name), ...config.custom },
    },
  };
}

/** What stands over each column; two columns with one name would have the values of one of them. */
function headings({ fields, meta, name }: DataFrame): Array<string | undefined> {
  const isNamed = NAMED.has(name) || NAMED.has(meta?.type);
  const used = new Set<string>();
  return fields.map(({ config, name: column, type }) => {
    const found = config.displayName ?? (!isNamed || type === FieldType.time ? heading(column) : undefined);
    if (found === undefined || used.has(found)) {
      return undefined;
    }
    used.add(found);
    return found;
  });
}

/**
 * A frame as Explore shows it best, which has no panel whose options could do that. In a panel, fields keep their names: transformations
 * and overrides rely on them.
 */
export function inExplore(frame: DataFrame): DataFrame {
  const name = frame.name ?? '';
  const panel = Object.hasOwn(PANELS, name) ? { preferredVisualisationPluginId: PANELS[name] } : {};
  const names = headings(frame);
  const fields = frame.fields.map((field, index) => shown(field, names[index], FIELDS.get(name)));
  return { ...frame, fields, meta: { ...frame.meta, ...panel } };
}
