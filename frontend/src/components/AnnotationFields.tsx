import { EditorField } from '@grafana/plugin-ui';
import { t } from '@grafana/i18n';
import React, { useId } from 'react';

import { defaultCluster, LIMITS, mostAnnotations, type Amount, type AuditQuery } from '../query';
import { AmountField } from './AmountField';
import { Choice } from './Choice';

interface CapProps {
  value: Amount | undefined;
  cluster: AuditQuery['cluster'];
  onChange: (cap: Amount | undefined) => void;
}

/** The most annotations. */
export function CapField({ value, cluster, onChange }: CapProps) {
  return (
    <AmountField
      label={t('cap.label', 'At most')}
      tooltip={t('cap.help', 'At most this many annotations; without a number, as many as the graph has room for.')}
      value={value}
      initial={mostAnnotations(cluster) ?? t('cap.auto', 'auto')}
      most={LIMITS.cap}
      onChange={onChange}
    />
  );
}

type Cluster = NonNullable<AuditQuery['cluster']>;

interface ClusterProps {
  value: AuditQuery['cluster'];
  onChange: (cluster: AuditQuery['cluster']) => void;
}

/** The events that share an annotation. */
export function ClusterField({ value, onChange }: ClusterProps) {
  const id = useId();
  return (
    <EditorField
      label={t('cluster.label', 'Clusters')}
      tooltip={t(
        'cluster.help',
        'The events that share an annotation; events of different severity never do. Grafana 13.1 and later can cluster annotations itself.'
      )}
      htmlFor={id}
      width={24}
    >
      <Choice<Cluster>
        id={id}
        options={[
          {
            value: 'near',
            label: t('cluster.near', 'Events close together'),
            description: t('cluster.near-help', 'Within a few pixels of each other'),
          },
          {
            value: 'overflow',
            label: t('cluster.overflow', 'Only beyond the limit'),
            description: t('cluster.overflow-help', 'Each event by itself, until there are too many'),
          },
        ]}
        value={value ?? defaultCluster()}
        onChange={({ value }) => onChange(value === defaultCluster() ? undefined : value)}
      />
    </EditorField>
  );
}
