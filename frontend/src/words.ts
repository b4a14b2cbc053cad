import { valueName } from './columns';
import { conditionWords, type Filter, type Names } from './conditions';
import { and, or, quoted } from './phrases';
import { understood, withDefaults, type AuditQuery } from './query';
import { questionOf } from './questions';
import { EXCLUDED_LISTS, listName, SCOPE_LISTS, textsOf, type AnyList, type Scope } from './scope';
import { t } from './translation';

/** The conditions of a query, each as part of a sentence. */
function conditions(scope: Scope = {}, filters: Filter[] = [], nameOf: Names): string[] {
  const listed = (lists: AnyList[], part: (names: { column: string; value: string }) => string) =>
    lists
      .filter((list) => scope[list]?.length)
      .map((list) => {
        const value = or((scope[list] ?? []).map((value) => nameOf(value) ?? valueName(value)));
        return part({ column: listName(list), value });
      });
  const parts = [
    ...listed(SCOPE_LISTS, (names) => t('words.is', '{{column}} is {{value}}', names)),
    ...listed(EXCLUDED_LISTS, (names) => t('words.is-not', '{{column}} is not {{value}}', names)),
  ];
  const [texts, notTexts] = [scope.text, scope.notText].map((texts) =>
    or(textsOf(texts).map((text) => quoted(text.trim())))
  );
  if (texts) {
    parts.push(t('words.contains', 'any field contains {{texts}}', { texts }));
  }
  if (notTexts) {
    parts.push(t('words.contains-not', 'no field contains {{texts}}', { texts: notTexts }));
  }
  return [...parts, ...filters.map((filter) => conditionWords(filter, nameOf))];
}

/** A query as a sentence. */
export function words(query: AuditQuery, app?: string, nameOf: Names = () => undefined): string {
  const asked = withDefaults(understood(query, app));
  const parts = conditions(asked.scope, asked.filters, nameOf);
  const events = parts.length
    ? t('words.some-events', 'events where {{conditions}}', { conditions: and(parts) })
    : t('words.all-events', 'all events');
  return questionOf(asked.queryType).words(asked, events, nameOf);
}
