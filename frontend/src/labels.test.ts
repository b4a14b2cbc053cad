import { settingLabel, withFieldLabels, withSettingLabels } from './labels';
import { NUMBERS } from './settings';

describe('labels of settings', () => {
  it.each([
    ['setting organizationId is empty. Allowed: a UUID', 'setting “Organization ID” is empty. Allowed: a UUID'],
    ['setting regions contains "mars".', 'setting “Regions” contains "mars".'],
    [
      'Check that organizationId is the organization that the key belongs to',
      'Check that “Organization ID” is the organization that the key belongs to',
    ],
    ['were fetched (setting maxEvents); older', 'were fetched (setting “Most events”); older'],
    [
      'cockpitToken has no effect, since cockpitUrls is empty.',
      '“Cockpit token” has no effect, since “Metrics URLs” is empty.',
    ],
    [
      'Enter as cockpitToken@a.example.com the secret key, or as cockpitToken@[::1]:9090.',
      'Enter as “Token of a.example.com” the secret key, or as “Token of [::1]:9090”.',
    ],
    ['The other regions answer', 'The other regions answer'],
    ['give it AuditTrailReadOnly', 'give it AuditTrailReadOnly'],
    ['setting jsonData is not a JSON object', 'setting jsonData is not a JSON object'],
  ])('replace names in %s', (message, shown) => {
    expect(withSettingLabels(message)).toBe(shown);
  });

  it('exist for all numbers', () => {
    expect([...Object.keys(NUMBERS), 'lagSeconds'].filter((name) => !settingLabel(name))).toEqual([]);
  });
});

describe('labels of a query', () => {
  it.each([
    ['scope.methods holds the variable $m. A rule', '“Methods” (scope.methods) holds the variable $m. A rule'],
    ['scope.notText is 5.', '“Does not contain” (scope.notText) is 5.'],
    ['scope.notSourceIps is "x".', '“Not from address” (scope.notSourceIps) is "x".'],
    ['filters.operator is "~". Allowed: =', '“Operator” (filters.operator) is "~". Allowed: ='],
    ['filters.value holds', '“Value” (filters.value) holds'],
    ['groupBy has 9 columns', '“For each” (groupBy) has 9 columns'],
    ['cap is 0. Allowed: 1 to 5000', '“At most” (cap) is 0. Allowed: 1 to 5000'],
    ['timezone is "Mars/Base".', '“Time zone” (timezone) is "Mars/Base".'],
    ['onset is "noon". Allowed: a time', '“Onset” (onset) is "noon". Allowed: a time'],
    ['the limit is 5', 'the limit is 5'],
    ['scope.nothing is 5', 'scope.nothing is 5'],
    ['scope is 5. Allowed: an object', 'scope is 5. Allowed: an object'],
  ])('replace names in %s', (message, shown) => {
    expect(withFieldLabels(message)).toBe(shown);
  });
});
