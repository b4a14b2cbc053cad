import { type DataFrame, type DataLink } from '@grafana/data';

import { canExplore } from './grafana';
import { VERSION, type AuditQuery } from './query';
import type { Scope } from './scope';
import { t } from './translation';

/** The class of risk of events that make a credential. */
const MAKES_CREDENTIAL = 'credential_creation';

interface Related {
  title: string;
  query: AuditQuery;
}

/** Queries for all events of an address and of a principal, and for who made the principal's credentials. */
export function relatedQueries(principal?: string, address?: string): Related[] {
  const query = (scope: Scope): AuditQuery => ({
    refId: 'A',
    version: VERSION,
    queryType: 'events',
    format: 'logs',
    scope,
  });
  const related: Related[] = [];
  if (address) {
    related.push({ title: t('related.address', 'All of this address'), query: query({ sourceIps: [address] }) });
  }
  if (principal) {
    related.push(
      { title: t('related.principal', 'All of this principal'), query: query({ principals: [principal] }) },
      {
        title: t('related.makers', 'Who made its credentials'),
        query: query({ text: principal, riskClasses: [MAKES_CREDENTIAL] }),
      }
    );
  }
  return related;
}

/** The fields of an investigation's tables that have links, each with the queries of its cells. */
const LINKED: Record<string, () => Related[]> = {
  principal: () => relatedQueries('${__data.fields.principal_id}'),
  source_ip: () => relatedQueries(undefined, '${__data.fields.source_ip}'),
  made_by: () => relatedQueries('${__data.fields.made_by_id}'),
  used_by: () => relatedQueries('${__data.fields.used_by_id}'),
};

/** A table of an investigation with links from principals and addresses to their events, and from pages of the console. */
export function withRelated(frame: DataFrame, datasource: { uid: string; name: string }): DataFrame {
  const fields = frame.fields.map((field) => {
    const links: DataLink[] = canExplore()
      ? (LINKED[field.name]?.() ?? []).map(({ title, query }) => ({
          title,
          url: '',
          internal: { datasourceUid: datasource.uid, datasourceName: datasource.name, query },
        }))
      : [];
    if (field.name === 'console_url') {
      links.push({
        title: t('overlay.console', 'Open in the Scaleway console'),
        url: '${__value.raw}',
        targetBlank: true,
      });
    }
    return links.length ? { ...field, config: { ...field.config, links } } : field;
  });
  return { ...frame, fields };
}
