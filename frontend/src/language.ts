import type { DataQueryRequest } from '@grafana/data';

import type { AuditQuery } from './query';

let shown: string | undefined;

/** Sets the language that Grafana shows, as a BCP 47 tag. */
export function setLanguage(language: string | undefined) {
  shown = language;
}

/**
 * A request whose answer has sentences in the language that Grafana shows. It is set when a request is sent: a stored query, or
 * one that a link has, is for people of any language.
 */
export function inLanguage(request: DataQueryRequest<AuditQuery>): DataQueryRequest<AuditQuery> {
  const language = shown;
  return language ? { ...request, targets: request.targets.map((target) => ({ language, ...target })) } : request;
}
