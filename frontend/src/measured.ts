/** What Cockpit measures of a resource that events are about. */
interface Measured {
  /** PromQL expressions, in which `$resource` stands for the matcher of the resource. */
  metrics: readonly string[];
  /** Of a part of another resource, which has no series of its own: the detail of the event that has the id of that one. */
  owner?: string;
}

const INSTANCE = [
  'rate(instance_server_cpu_seconds_total{$resource}[$__rate_interval]) / instance_server_vcpu_count{$resource}',
];

const KUBERNETES = [
  'kubernetes_cluster_k8s_shoot_nodes{$resource}',
  'kubernetes_cluster_k8s_shoot_nodes_ready{$resource}',
];

const LOAD_BALANCER = [
  'load_balancer_lb_connection_usage{$resource}',
  'load_balancer_lb_backend_agg_server_check_status{state="DOWN", backend_name!="", $resource}',
];

const DATABASE = [
  '1 - avg by (resource_name) (rate(rdb_instance_postgresql_node_cpu_seconds_total{mode="idle", $resource}[$__rate_interval]))',
  '1 - avg by (resource_name) (rate(rdb_instance_mysql_node_cpu_seconds_total{mode="idle", $resource}[$__rate_interval]))',
];

const SERVERLESS_SQL = [
  'rate(serverless_db_postgresql_cpu_usage_seconds{mode!="idle", $resource}[$__rate_interval]) / (serverless_db_postgresql_cpu_provisioned{$resource} / 100000)',
];

/** All series of a resource, where no name of a metric is published. */
const ALL = ['{$resource}'];

/** The types of resources that Cockpit has metrics of, or of whose owners it has some. */
export const MEASURED: Readonly<Record<string, Measured>> = {
  instance_server: { metrics: INSTANCE },
  instance_private_network_interface: { metrics: INSTANCE, owner: 'server_id' },
  kube_cluster: { metrics: KUBERNETES },
  // The id of an event about a pool, a node or an ACL is that of the cluster.
  kube_pool: { metrics: KUBERNETES },
  kube_node: { metrics: KUBERNETES },
  kube_acl: { metrics: KUBERNETES },
  load_balancer_lb: { metrics: LOAD_BALANCER },
  load_balancer_frontend: { metrics: LOAD_BALANCER, owner: 'lb_id' },
  load_balancer_backend: { metrics: LOAD_BALANCER, owner: 'lb_id' },
  load_balancer_certificate: { metrics: LOAD_BALANCER, owner: 'lb_id' },
  load_balancer_ip: { metrics: LOAD_BALANCER, owner: 'lb_id' },
  rdb_instance: { metrics: DATABASE },
  rdb_instance_backup: { metrics: DATABASE, owner: 'instance_id' },
  rdb_instance_endpoint: { metrics: DATABASE, owner: 'instance_id' },
  rdb_instance_logs: { metrics: DATABASE, owner: 'instance_id' },
  rdb_instance_read_replica: { metrics: DATABASE, owner: 'instance_id' },
  rdb_instance_snapshot: { metrics: DATABASE, owner: 'instance_id' },
  ssdb_database: { metrics: SERVERLESS_SQL },
  dtwh_deployment: { metrics: ALL },
  mongodb_instance: { metrics: ALL },
  vpc_private_network: { metrics: ALL },
  vpc_gw_gateway: { metrics: ALL },
  vpc_gw_gateway_network: { metrics: ALL, owner: 'gateway_id' },
  s2s_vpn_gateway: { metrics: ALL },
  edge_services_pipeline: { metrics: ALL },
  edge_services_backend_stage: { metrics: ALL, owner: 'pipeline_id' },
  edge_services_cache_stage: { metrics: ALL, owner: 'pipeline_id' },
  edge_services_waf_stage: { metrics: ALL, owner: 'pipeline_id' },
  serverless_containers_container: { metrics: ALL },
  serverless_containers_domain: { metrics: ALL, owner: 'container_id' },
  serverless_containers_trigger: { metrics: ALL, owner: 'container_id' },
  secret_manager_secret: { metrics: ALL },
  observability_datasource: { metrics: ALL },
  observability_exporter: { metrics: ALL },
  ili_link: { metrics: ALL },
  ili_connection: { metrics: ALL },
};

/** A resource of an event: its type and id. */
export interface Touched {
  type: unknown;
  id: unknown;
  /** The event's details, where the ids of owners are. */
  details?: unknown[];
  /** In place of the details, the ids of all that the resource is a part of. */
  parents?: readonly unknown[];
}

/** The ids of resources. Whatever else may be in an event's field does not become PromQL. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The first text of a name, at any depth. */
function detail(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const own = Object.entries(value).find(([key, own]) => key === name && typeof own === 'string');
  return own?.[1] ?? Object.values(value).reduce<unknown>((found, inner) => found ?? detail(inner, name), undefined);
}

/** The ids of the resources of which one is measured: the resource itself, or what it is a part of. */
function measuredIds({ owner }: Measured, { id, details, parents = [] }: Touched): unknown[] {
  return owner ? (details ? [detail(details, owner)] : [...parents]) : [id];
}

/** The PromQL expressions of what Cockpit measures of a resource; none where it measures nothing of it. */
export function metricsOf(touched: Touched): string[] {
  const { type } = touched;
  const measured = typeof type === 'string' && Object.hasOwn(MEASURED, type) ? MEASURED[type] : undefined;
  const ids = measured ? measuredIds(measured, touched) : [];
  if (!measured || !ids.length || !ids.every((id) => typeof id === 'string' && ID.test(id))) {
    return [];
  }
  // The metrics of a load balancer have no series of a backend: of several ids, one is measured.
  const matcher = ids.length > 1 ? `resource_id=~"${ids.join('|')}"` : `resource_id="${ids[0]}"`;
  return measured.metrics.map((metric) => metric.replaceAll('$resource', matcher));
}
