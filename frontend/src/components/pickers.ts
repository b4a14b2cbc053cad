import type { TimeRange } from '@grafana/data';
import { useMemo } from 'react';

import { columnOf, valueName } from '../columns';
import { hasVariable } from '../references';
import type { Product, Resource } from '../resources';
import { listColumn, type Scope, type ScopeField, type ScopeList } from '../scope';
import { isUuid, regionError, REGIONS } from '../settings';
import type { AuditSource } from '../source';
import { t } from '../translation';
import type { Option } from '../values';
import { matcher } from '../wildcards';
import type { Picker } from './ListPicker';
import { useAnswer } from './useAnswer';

const NO_PRODUCTS: Product[] = [];

/** The products of the data source; none while they are fetched, or where they cannot be: a picker still takes text. */
function useProducts(datasource: AuditSource): Product[] {
  return useAnswer(datasource, 'products', () => datasource.resources.products()) ?? NO_PRODUCTS;
}

/** Looks up the names of the principals and resources that a scope names by id. */
function useNames(datasource: AuditSource, scope: Scope | undefined, range: TimeRange | undefined) {
  const { resources } = datasource;
  const unknown = (ids: string[] = []) => ids.filter((id) => isUuid(id) && !resources.nameOf(id));
  const things = unknown(scope?.resourceIds);
  const people = unknown(scope?.principals);
  const lookups = () => [
    ...things.map((id) => resources.resources(id, range)),
    ...(people.length ? [resources.principals('')] : []),
  ];
  // A moving range does not change names.
  const question = [...things, ...people].join();
  useAnswer(datasource, question, () => Promise.allSettled(lookups()));
}

/** The fixed values of a list's column. */
function fixed(list: ScopeList): Option[] {
  return (columnOf(listColumn(list))?.values ?? []).map((value) => ({ value, label: valueName(value) }));
}

function distinct(values: Array<string | null | undefined>): Option[] {
  const texts = values.filter((value): value is string => Boolean(value));
  return [...new Set(texts)].sort().map((value) => ({ value, label: value }));
}

/** The products, and the services and methods of those that are chosen. */
function catalogue(products: Product[], chosen: string[] = []) {
  const wanted = chosen.some(hasVariable) ? [] : chosen.map(matcher);
  const within = products.filter(({ name }) => !wanted.length || wanted.some((matches) => matches(name)));
  const owners = new Map<string, string[]>();
  for (const product of within) {
    for (const method of new Set(product.services.flatMap(({ methods }) => methods))) {
      owners.set(method, [...(owners.get(method) ?? []), product.title || product.name]);
    }
  }
  return {
    products: products.map(({ name, title }) => ({ value: name, label: title || name, description: name })),
    methods: [...owners].sort().map(([value, names]) => ({ value, label: value, description: names.join(', ') })),
    services: distinct(within.flatMap(({ services }) => services.map(({ name }) => name))),
  };
}

/** Lists that can be searched while typing. */
function searches({ resources }: AuditSource, range: TimeRange | undefined) {
  const ofResources = (part: 'name' | 'type' | 'project') => async (typed: string) => {
    const wanted = typed.toLowerCase();
    const found = await resources.resources(part === 'name' ? typed : '', range);
    return distinct(found.map((resource) => resource[part])).filter(({ value }) =>
      value.toLowerCase().includes(wanted)
    );
  };
  const option = ({ id, name, type, region }: Resource): Option => ({
    value: id,
    label: name || id,
    description: [type, region].filter(Boolean).join(', '),
  });
  return {
    principals: async (typed: string) => {
      const found = await resources.principals(typed);
      const times = new Map<string, number>();
      found.forEach(({ name }) => times.set(name, (times.get(name) ?? 0) + 1));
      // A name is readable in a stored query; where two have it, only the id distinguishes them.
      return found.map(({ id, name, kind }) =>
        times.get(name) === 1
          ? { value: name, label: name, description: kind }
          : { value: id, label: `${name} (${id.slice(0, 8)})`, description: kind }
      );
    },
    resources: async (typed: string) => (await resources.resources(typed, range)).map(option),
    names: ofResources('name'),
    types: ofResources('type'),
    projects: ofResources('project'),
  };
}

const NO_OPTIONS: Option[] = [];

/** A picker for each list and text of a scope. */
export function usePickers(
  datasource: AuditSource,
  scope: Scope | undefined,
  range: TimeRange | undefined
): Record<ScopeField, Picker> {
  const products = useProducts(datasource);
  useNames(datasource, scope, range);
  const chosen = scope?.products;
  const lists = useMemo(() => catalogue(products, chosen), [products, chosen]);
  const search = useMemo(() => searches(datasource, range), [datasource, range]);
  return useMemo(() => {
    const nameOf = (value: string) => datasource.resources.nameOf(value);
    const wildcards = t('scope.wildcards-help', 'Case does not matter; * stands for any characters, ? for one.');
    return {
      products: {
        tooltip: wildcards,
        options: lists.products,
        free: true,
      },
      methods: {
        tooltip: `${t(
          'scope.methods-help',
          'Names of API methods, such as CreateServer. The list follows the chosen products.'
        )} ${wildcards}`,
        options: lists.methods,
        free: true,
      },
      services: { tooltip: wildcards, options: lists.services, free: true },
      principals: {
        tooltip: t('scope.principals-help', 'Users and applications, by name or id.'),
        options: search.principals,
        nameOf,
        free: true,
      },
      resourceIds: {
        tooltip: t(
          'scope.resources-help',
          'Resources named in recent events. Events about parts of a resource are included: a load balancer’s backends, a cluster’s pools.'
        ),
        options: search.resources,
        nameOf,
        free: true,
      },
      resourceNames: { options: search.names, free: true },
      resourceTypes: {
        tooltip: wildcards,
        options: search.types,
        free: true,
      },
      status: {
        tooltip: t('scope.status-help', 'Succeeded, denied, failed, or a status code such as 409.'),
        options: fixed('status'),
        free: true,
      },
      severities: { options: fixed('severities') },
      kinds: { options: fixed('kinds') },
      riskClasses: { options: fixed('riskClasses') },
      novelties: {
        tooltip: t('scope.novelties-help', 'How usual this is for its principal, by the 30 days before.'),
        options: fixed('novelties'),
      },
      sourceIps: {
        tooltip: t('scope.source-ips-help', 'Addresses, or networks such as 203.0.113.0/24.'),
        options: NO_OPTIONS,
        free: true,
        keepTyped: true,
      },
      notSourceIps: {
        tooltip: t(
          'scope.not-source-ips-help',
          'Addresses, or networks such as 203.0.113.0/24. Events without an address remain.'
        ),
        options: NO_OPTIONS,
        free: true,
        keepTyped: true,
        placeholder: t('scope.not-source-ips-none', 'None'),
      },
      regions: {
        tooltip: t('scope.regions-help', 'Events of IAM, Account and log-ins are global and always included.'),
        options: REGIONS.map(({ value, label }) => ({ value, label: value, description: label })),
        free: true,
        wrong: (region) => (hasVariable(region) ? undefined : regionError(region)),
        placeholder: t('scope.regions-any', 'As in the settings'),
      },
      projects: {
        options: search.projects,
        nameOf,
        free: true,
        placeholder: t('scope.projects-any', 'As in the settings, or any'),
      },
      text: {
        tooltip: t(
          'scope.text-help',
          'The event contains one of these texts in any field, the request body included. Case does not matter.'
        ),
        options: NO_OPTIONS,
        free: true,
        keepTyped: true,
      },
      notText: {
        tooltip: t('scope.not-text-help', 'The event contains none of these texts.'),
        options: NO_OPTIONS,
        free: true,
        keepTyped: true,
        placeholder: t('scope.not-text-none', 'Nothing'),
      },
    };
  }, [datasource, lists, search]);
}
