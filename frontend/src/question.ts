import type { Names } from './conditions';
import type { RuleList } from './rules';
import type { ScopeList } from './scope';

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
    /** A column, or another value, which comes first. */
    | { kind: 'column'; other?: { value: string; label: () => string } }
    | { kind: 'timezone' | 'flag' }
  );

export type Fields = Record<string, Field>;

/** The type of a field in a query. */
export type Value<F> = F extends { kind: 'amount' }
  ? Amount
  : F extends { kind: 'choice'; options: infer Options }
    ? keyof Options
    : F extends { kind: 'columns' | 'texts' | 'rules' }
      ? string[]
      : F extends { kind: 'flag' }
        ? boolean
        : string;

export type Values<F> = { -readonly [name in keyof F]?: Value<F[name]> };

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
export interface Question<F, Own = Values<F>> {
  /** The fields that the question has beside the events' conditions. */
  fields: F;
  /** The values of fields that a query leaves out. */
  defaults(query: Own): Own;
  /** The shapes that the editor of panels offers. */
  shapes?: Record<string, Shape<Own>>;
  /** A query with its defaults as a sentence about events. */
  words(query: Own, events: string, nameOf: Names): string;
}

/** An entry of the table, whose fields have their literal types. */
export function question<const F extends Fields>(entry: Question<F>): Question<F> {
  return entry;
}
