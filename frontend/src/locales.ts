import english from './locales/en-US/scaleway-audittrail-datasource.json';
import french from './locales/fr-FR/scaleway-audittrail-datasource.json';

/** The texts of a language; Grafana before 12.1 does not load a plugin's `locales` folder itself. */
export async function texts(language: string) {
  return language.toLowerCase().startsWith('fr') ? french : english;
}
