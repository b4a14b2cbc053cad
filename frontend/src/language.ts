import type { DataQueryRequest } from '@grafana/data';

import type { AuditQuery } from './query';

let shown: string | undefined;

/** Sets the language that Grafana shows, as a BCP 47 tag. */
export function setLanguage(language: string | undefined) {
  shown = language;
}

/**
 * A query whose answer has sentences in the language that Grafana shows. It is set when a query is sent: a stored one, or one that
 * a link has, is for people of any language.
 */
export function withLanguage<Query extends Partial<AuditQuery>>(query: Query): Query {
  return shown ? { language: shown, ...query } : query;
}

/** A request with the language of its queries. */
export function inLanguage(request: DataQueryRequest<AuditQuery>): DataQueryRequest<AuditQuery> {
  return { ...request, targets: request.targets.map(withLanguage) };
}
