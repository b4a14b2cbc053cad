/** Where the documentation is: Grafana shows the plugin's README on this page. */
export const DOCUMENTATION = '/plugins/scaleway-audittrail-datasource';
