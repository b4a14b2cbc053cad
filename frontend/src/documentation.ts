/** The pages of the plugin's documentation, which are part of it: paths below Grafana's root, which every reader may open. */
const PAGES = 'public/plugins/scaleway-audittrail-datasource/docs';

/** The page about alert rules. */
export const ALERTING = `${PAGES}/alert.html`;

/** The page about an organization's own rules of detections. */
export const OWN_RULES = `${PAGES}/configure.html#own-rules-of-detections`;

/** The page about the plugin's texts. */
export const TROUBLESHOOTING = `${PAGES}/troubleshooting.html#incomplete-answers`;
