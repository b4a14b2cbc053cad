import { t } from './translation';

/** The most values that a sentence names. */
const NAMED = 4;

/** Values of which one suffices, as part of a sentence. */
export function or(values: string[]): string {
  if (values.length > NAMED) {
    const first = values.slice(0, NAMED - 1);
    return t('words.or-more', '{{first}} or one of {{more}} others', {
      first: first.join(', '),
      more: values.length - first.length,
    });
  }
  const last = values[values.length - 1];
  return values.length < 2
    ? (last ?? '')
    : t('words.or', '{{first}} or {{last}}', { first: values.slice(0, -1).join(', '), last });
}

/** Values that apply together, as part of a sentence. */
export function and(values: string[]): string {
  const last = values[values.length - 1];
  return values.length < 2
    ? (last ?? '')
    : t('words.and', '{{first}} and {{last}}', { first: values.slice(0, -1).join(', '), last });
}

/** A text between the quotation marks of the user's language. */
export function quoted(text: string): string {
  return t('words.quoted', '“{{text}}”', { text });
}
