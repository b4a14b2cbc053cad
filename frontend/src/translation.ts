import { t as translate } from '@grafana/i18n';

/**
 * A text in the user's language, with values in the place of `{{names}}`.
 *
 * The values are not escaped: React escapes what it shows, and escaping twice would show entities.
 */
export function t(key: string, text: string, values: Record<string, unknown> = {}): string {
  return translate(key, text, { ...values, interpolation: { escapeValue: false } });
}
