import type { TimeRange } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import { Button } from '@grafana/ui';
import { t } from '@grafana/i18n';
import React, { useCallback, useEffect, useMemo, useState } from 'react';

import type { AuditDataSource } from '../datasource';
import {
  KINDS,
  RISK_CLASSES,
  SEVERITIES,
  STATUSES,
  textsOf,
  withList,
  withTexts,
  type Scope,
  type ScopeList,
} from '../query';
import type { Product } from '../resources';
import { isUuid, REGIONS } from '../settings';
import { valueName } from '../words';
import { ListPicker, type Option } from './ListPicker';
import { TextField } from './TextField';

interface Props {
  datasource: AuditDataSource;
  scope: Scope | undefined;
  range?: TimeRange;
  onChange: (scope: Scope) => void;
}

/** Lists that are out of sight until they are used or asked for. */
const RARE: ScopeList[] = [
  'kinds',
  'services',
  'resourceTypes',
  'resourceNames',
  'riskClasses',
  'sourceIps',
  'regions',
  'projects',
];

const named = (values: string[]): Option[] => values.map((value) => ({ value, label: valueName(value) }));

function distinct(values: Array<string | null | undefined>): Option[] {
  const texts = values.filter((value): value is string => Boolean(value));
  return [...new Set(texts)].sort().map((value) => ({ value, label: value }));
}

/** The products of the data source; none while they are fetched, or where they cannot be. */
function useProducts(datasource: AuditDataSource): Product[] {
  const [products, setProducts] = useState<Product[]>([]);
  useEffect(() => {
    let left = false;
    datasource.resources
      .products()
      .then((products) => !left && setProducts(products))
      // A picker without a list still takes text.
      .catch(() => undefined);
    return () => {
      left = true;
    };
  }, [datasource]);
  return products;
}

/** Has the names looked up of the principals and resources that a scope holds by id. */
function useNames(datasource: AuditDataSource, scope: Scope | undefined, range: TimeRange | undefined) {
  const { resources } = datasource;
  const [, setLooked] = useState(0);
  const unknown = (ids: string[] = []) => ids.filter((id) => isUuid(id) && !resources.nameOf(id)).join();
  const things = unknown(scope?.resourceIds);
  const people = unknown(scope?.principals);
  useEffect(() => {
    if (!things && !people) {
      return;
    }
    let left = false;
    const lookups: Array<Promise<unknown>> = things
      ? things.split(',').map((id) => resources.resources(id, range))
      : [];
    if (people) {
      lookups.push(resources.principals(''));
    }
    Promise.allSettled(lookups).then(() => !left && setLooked((times) => times + 1));
    return () => {
      left = true;
    };
    // A moving range does not change names.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [resources, things, people]);
}

/** Picks which events are meant. */
export function ScopePickers({ datasource, scope, range, onChange }: Props) {
  const products = useProducts(datasource);
  useNames(datasource, scope, range);
  const { resources } = datasource;
  const [more, setMore] = useState(false);
  const rareUsed = RARE.some((list) => scope?.[list]?.length);
  const set = (list: ScopeList) => (values: string[]) => onChange(withList(scope, list, values));

  const chosen = scope?.products;
  const productOptions = useMemo(
    () => products.map(({ name, title }) => ({ value: name, label: title || name, description: name })),
    [products]
  );
  const within = useMemo(
    () =>
      products.filter(({ name }) => !chosen?.length || chosen.includes(name) || chosen.some((p) => p.includes('$'))),
    [products, chosen]
  );
  const methodOptions = useMemo(() => {
    const owners = new Map<string, string[]>();
    for (const product of within) {
      for (const method of new Set(product.services.flatMap(({ methods }) => methods))) {
        owners.set(method, [...(owners.get(method) ?? []), product.title || product.name]);
      }
    }
    return [...owners].sort().map(([value, names]) => ({ value, label: value, description: names.join(', ') }));
  }, [within]);
  const serviceOptions = useMemo(
    () => distinct(within.flatMap(({ services }) => services.map(({ name }) => name))),
    [within]
  );
  const statusOptions = useMemo(() => named(STATUSES), []);
  const severityOptions = useMemo(() => named(SEVERITIES), []);
  const kindOptions = useMemo(() => named(KINDS), []);
  const riskOptions = useMemo(() => named(RISK_CLASSES), []);
  const none = useMemo<Option[]>(() => [], []);

  const principalOptions = useCallback(
    async (typed: string) => {
      const found = await resources.principals(typed);
      const times = new Map<string, number>();
      found.forEach(({ name }) => times.set(name, (times.get(name) ?? 0) + 1));
      // A name is readable in a stored query; where two bear it, only the id tells them apart.
      return found.map(({ id, name, kind }) =>
        times.get(name) === 1
          ? { value: name, label: name, description: kind }
          : { value: id, label: `${name} (${id.slice(0, 8)})`, description: kind }
      );
    },
    [resources]
  );
  const resourceOptions = useCallback(
    async (typed: string) =>
      (await resources.resources(typed, range)).map(({ id, name, type, region }) => ({
        value: id,
        label: name || id,
        description: [type, region].filter(Boolean).join(', '),
      })),
    [resources, range]
  );
  const ofResources = (part: 'name' | 'type' | 'project') => async (typed: string) => {
    const wanted = typed.toLowerCase();
    const found = await resources.resources(part === 'name' ? typed : '', range);
    return distinct(found.map((resource) => resource[part])).filter(({ value }) =>
      value.toLowerCase().includes(wanted)
    );
  };

  return (
    <>
      <EditorRow>
        <ListPicker
          label={t('scope.products', 'Products')}
          values={scope?.products}
          options={productOptions}
          free
          onChange={set('products')}
        />
        <ListPicker
          label={t('scope.methods', 'Methods')}
          tooltip={t(
            'scope.methods-help',
            'Names of API methods, such as CreateServer. The list follows the chosen products.'
          )}
          values={scope?.methods}
          options={methodOptions}
          free
          onChange={set('methods')}
        />
        <ListPicker
          label={t('scope.principals', 'Who')}
          tooltip={t('scope.principals-help', 'Users and applications, by name or id.')}
          values={scope?.principals}
          options={principalOptions}
          nameOf={(value) => resources.nameOf(value)}
          free
          onChange={set('principals')}
        />
        <ListPicker
          label={t('scope.resources', 'Resource')}
          tooltip={t(
            'scope.resources-help',
            'Resources that recent events name. Events about parts of a resource belong to it: a load balancer’s backends, a cluster’s pools.'
          )}
          values={scope?.resourceIds}
          options={resourceOptions}
          nameOf={(value) => resources.nameOf(value)}
          free
          onChange={set('resourceIds')}
        />
      </EditorRow>
      <EditorRow>
        <ListPicker
          label={t('scope.status', 'Result')}
          tooltip={t('scope.status-help', 'Succeeded, denied, failed, or a status code such as 409.')}
          values={scope?.status}
          options={statusOptions}
          free
          onChange={set('status')}
        />
        <ListPicker
          label={t('scope.severities', 'Severity')}
          values={scope?.severities}
          options={severityOptions}
          onChange={set('severities')}
        />
        <TextField
          label={t('scope.text', 'Contains')}
          tooltip={t(
            'scope.text-help',
            'A text anywhere in the event, the request body included; upper and lower case are the same.'
          )}
          value={textsOf(scope?.text).join(', ')}
          width={22}
          onCommit={(text) => onChange(withTexts(scope, 'text', [text]))}
        />
        {!rareUsed && (
          <Button
            variant="secondary"
            fill="text"
            icon={more ? 'angle-up' : 'angle-down'}
            aria-expanded={more}
            onClick={() => setMore(!more)}
            style={{ alignSelf: 'end' }}
          >
            {more ? t('scope.less', 'Fewer conditions') : t('scope.more', 'More conditions')}
          </Button>
        )}
      </EditorRow>
      {(more || rareUsed) && (
        <EditorRow>
          <ListPicker
            label={t('scope.kinds', 'Kind of event')}
            values={scope?.kinds}
            options={kindOptions}
            onChange={set('kinds')}
          />
          <ListPicker
            label={t('scope.risk-classes', 'Risk class')}
            values={scope?.riskClasses}
            options={riskOptions}
            onChange={set('riskClasses')}
          />
          <ListPicker
            label={t('scope.resource-names', 'Resource name')}
            values={scope?.resourceNames}
            options={ofResources('name')}
            free
            onChange={set('resourceNames')}
          />
          <ListPicker
            label={t('scope.resource-types', 'Resource type')}
            values={scope?.resourceTypes}
            options={ofResources('type')}
            free
            onChange={set('resourceTypes')}
          />
          <ListPicker
            label={t('scope.source-ips', 'Source address')}
            tooltip={t('scope.source-ips-help', 'Addresses, or networks such as 203.0.113.0/24.')}
            values={scope?.sourceIps}
            options={none}
            free
            onChange={set('sourceIps')}
          />
          <ListPicker
            label={t('scope.regions', 'Regions')}
            tooltip={t(
              'scope.regions-help',
              'Events of IAM, Account and log-ins are global and always belong to the answer.'
            )}
            values={scope?.regions}
            options={REGION_OPTIONS}
            placeholder={t('scope.regions-any', 'Those of the settings')}
            onChange={set('regions')}
          />
          <ListPicker
            label={t('scope.projects', 'Projects')}
            values={scope?.projects}
            options={ofResources('project')}
            placeholder={t('scope.projects-any', 'That of the settings, or any')}
            free
            onChange={set('projects')}
          />
          <ListPicker
            label={t('scope.services', 'Services')}
            values={scope?.services}
            options={serviceOptions}
            free
            onChange={set('services')}
          />
        </EditorRow>
      )}
    </>
  );
}

const REGION_OPTIONS: Option[] = REGIONS.map(({ value, label }) => ({ value, label: value, description: label }));
