import fs from 'fs';
import path from 'path';

import { MEASURED, metricsOf } from './measured';

const ID = '11111111-2222-3333-4444-555555555555';
const LB = '66666666-7777-8888-9999-000000000000';

/** The names that Scaleway's own rules and documentation have, by the products that the table covers. */
const PUBLISHED = [
  'instance_server_cpu_seconds_total',
  'instance_server_vcpu_count',
  'kubernetes_cluster_k8s_shoot_nodes',
  'kubernetes_cluster_k8s_shoot_nodes_ready',
  'load_balancer_lb_backend_agg_server_check_status',
  'load_balancer_lb_connection_usage',
  'rdb_instance_mysql_node_cpu_seconds_total',
  'rdb_instance_postgresql_node_cpu_seconds_total',
  'serverless_db_postgresql_cpu_provisioned',
  'serverless_db_postgresql_cpu_usage_seconds',
];

describe('the metrics of a resource', () => {
  it('have names that Scaleway has published', () => {
    const expressions = Object.values(MEASURED).flatMap(({ metrics }) => metrics);
    const names = expressions.flatMap((metric) => metric.match(/\b\w+(?=\{)/g) ?? []);
    expect([...new Set(names)].sort()).toEqual(PUBLISHED);
  });

  it('are all about that resource', () => {
    Object.entries(MEASURED).forEach(([type, { metrics }]) => {
      expect(metrics.length).toBeGreaterThan(0);
      metrics.forEach((metric) => expect([type, metric.match(/\{[^}]*\}/g)]).toEqual([type, expect.any(Array)]));
      metrics.flatMap((metric) => metric.match(/\{[^}]*\}/g)!).forEach((one) => expect(one).toContain('$resource}'));
    });
  });

  it('are of types of resources that events have', () => {
    // Types of the simulated organization, and those of the type list that it has no resource of.
    const table = path.resolve(__dirname, '../../src/sandbox/tables/resources.tsv');
    const simulated = new Set(
      fs
        .readFileSync(table, 'utf8')
        .split('\n')
        .map((row) => row.split('\t')[0])
    );
    const others = Object.keys(MEASURED).filter((type) => !simulated.has(type));
    expect(others.sort()).toEqual(['ili_connection', 'rdb_instance_logs']);
  });

  it('match the id of the event’s resource', () => {
    expect(metricsOf({ type: 'instance_server', id: ID, details: [] })).toEqual([
      `rate(instance_server_cpu_seconds_total{resource_id="${ID}"}[$__rate_interval]) / instance_server_vcpu_count{resource_id="${ID}"}`,
    ]);
    expect(metricsOf({ type: 'vpc_gw_gateway', id: ID, details: [] })).toEqual([`{resource_id="${ID}"}`]);
  });

  it.each([
    ['load_balancer_backend', [[{ id: ID, load_balancer_backend_info: { lb_id: LB, name: 'a' } }]]],
    ['rdb_instance_backup', [null, { database_name: 'orders', instance_id: LB }]],
  ])('of a part, %s, are those of its owner', (type, details) => {
    const found = metricsOf({ type, id: ID, details });
    expect(found.length).toBeGreaterThan(0);
    found.forEach((metric) => expect(metric).toContain(`resource_id="${LB}"`));
  });

  it('of a part without its details are those of what it is a part of', () => {
    const [one] = metricsOf({ type: 'load_balancer_backend', id: ID, parents: [LB] });
    expect(one).toBe(`load_balancer_lb_connection_usage{resource_id="${LB}"}`);
    // Only one of them is a load balancer, which alone has the series.
    const [several] = metricsOf({ type: 'load_balancer_backend', id: ID, parents: [LB, ID] });
    expect(several).toBe(`load_balancer_lb_connection_usage{resource_id=~"${LB}|${ID}"}`);
    const [own] = metricsOf({ type: 'load_balancer_lb', id: ID, parents: [LB] });
    expect(own).toContain(`resource_id="${ID}"`);
  });

  it.each([
    ['a type without metrics', { type: 'iam_user', id: ID, details: [] }],
    ['a name of every object', { type: 'constructor', id: ID, details: [] }],
    ['no type', { type: null, id: ID, details: [] }],
    ['no id', { type: 'instance_server', id: undefined, details: [] }],
    ['an id that would be PromQL', { type: 'instance_server', id: '"} or up{a="', details: [] }],
    ['no parent', { type: 'load_balancer_backend', id: ID, parents: [] }],
    ['a parent that would be PromQL', { type: 'load_balancer_backend', id: ID, parents: [LB, '"} or up{a="'] }],
    ['an unknown owner', { type: 'load_balancer_backend', id: ID, details: [{ lb_id: 5 }, null, undefined, 'lb_id'] }],
  ])('are none for %s', (_, touched) => {
    expect(metricsOf(touched)).toEqual([]);
  });
});
