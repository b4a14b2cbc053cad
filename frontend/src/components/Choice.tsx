import { Combobox, MultiCombobox, type ComboboxOption } from '@grafana/ui';
import React, { type ComponentProps, useEffect, useRef } from 'react';

type ChoiceProps<T extends string | number> = ComponentProps<typeof Combobox<T>>;
type ChoicesProps<T extends string | number> = ComponentProps<typeof MultiCombobox<T>>;

/**
 * Whether a reported choice is one to act on. Grafana's pickers report a choice again whenever they are rendered before its
 * report has returned: in Explore, which renders as soon as a query is stored, without an end. A choice that has been reported, or
 * is shown already, is no news until another value is shown.
 */
function useNews(shown: unknown): (reported: unknown) => boolean {
  const key = JSON.stringify(shown);
  const known = useRef(key);
  useEffect(() => {
    known.current = key;
  }, [key]);
  return (reported) => {
    const wanted = JSON.stringify(reported);
    const isNews = wanted !== known.current;
    known.current = wanted;
    return isNews;
  };
}

/** Picks one value: Grafana's Combobox, which reports each choice once. */
export function Choice<T extends string | number>(props: ChoiceProps<T>) {
  const { value } = props;
  const isNews = useNews((typeof value === 'object' ? value?.value : value) ?? null);
  const onChange = (option: ComboboxOption<T> | null) => {
    if (isNews(option?.value ?? null)) {
      // Grafana reports null to those only that can be cleared.
      (props.onChange as (option: ComboboxOption<T> | null) => void)(option);
    }
  };
  return <Combobox<T> {...props} onChange={onChange} />;
}

/** Picks any number of values: Grafana's MultiCombobox, which reports each choice once. */
export function Choices<T extends string | number>(props: ChoicesProps<T>) {
  const values = (options: ReadonlyArray<T | ComboboxOption<T>> = []) =>
    options.map((option) => (typeof option === 'object' ? option.value : option));
  const isNews = useNews(values(props.value));
  const onChange = (options: Array<ComboboxOption<T>>) => {
    if (isNews(values(options))) {
      props.onChange(options);
    }
  };
  return <MultiCombobox<T> {...props} onChange={onChange} />;
}
