import { useState } from 'react';

import type { Resources } from '../resources';
import type { RuleProblem } from '../rules';
import { useAnswer } from './useAnswer';
import { useSettled } from './useSettled';

/** The time without a key after which a text is checked, in milliseconds. */
const PAUSE = 600;

/** The checks of a data source. */
interface Source {
  uid: string;
  resources: Resources;
}

/** A text of rules while it is edited. */
export interface RuleText {
  text: string;
  /** The text that was checked. */
  settled: string;
  /** The errors of the settled text; undefined while they are unknown. */
  problems: RuleProblem[] | undefined;
  onChange: (text: string) => void;
  /** Stores the text, when the field is left. */
  onStore: (text: string) => void;
}

/** A text of rules, and its errors. Those of the settings are beside the shipped ones, and checked again after a save. */
export function useRuleText(
  source: Source,
  stored: string | undefined,
  store: (text: string | undefined) => void,
  settings?: { version: number | undefined }
): RuleText {
  const [typed, onChange] = useState<string>();
  const text = typed ?? stored ?? '';
  const settled = useSettled(text, PAUSE).trim();
  const checked = useAnswer(source, settled && `check ${settings?.version ?? ''} ${settled}`, async () => {
    const problems = await source.resources.checkRules(settled, settings !== undefined);
    // The text is at hand, and needs no name.
    return problems.map((problem): RuleProblem => ({ ...problem, source: undefined }));
  });
  const onStore = (text: string) => {
    onChange(undefined);
    if (text !== (stored ?? '')) {
      store(text.trim() ? text : undefined);
    }
  };
  return { text, settled, problems: settled ? checked : [], onChange, onStore };
}
