/** The pages of the plugin's documentation, which are part of it: paths below Grafana's root, which every reader may open. */
const PAGES = 'public/plugins/scaleway-audittrail-datasource/docs';

/** What an alert rule needs. */
export const ALERTING = `${PAGES}/alert.html`;

/** What the plugin's texts mean. */
export const TROUBLESHOOTING = `${PAGES}/troubleshooting.html#incomplete-answers`;
