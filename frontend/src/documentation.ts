/** Where the documentation is: Grafana shows the plugin's README on this page. */
export const DOCUMENTATION = '/plugins/scaleway-audittrail-datasource';

/** What the plugin's texts mean, as a page of the plugin itself: a path below Grafana's root, which every reader may open. */
export const TROUBLESHOOTING =
  'public/plugins/scaleway-audittrail-datasource/docs/troubleshooting.html#incomplete-answers';
