import { fieldColumn, problemText } from './rules';

describe('the column of a field', () => {
  it.each([
    ['method_name', 'method'],
    ['status_code', 'status'],
    ['principal.id', 'principal_id'],
    ['resources[any].type', 'resource_type'],
    ['source_ip', 'source_ip'],
    ['audittrail.severity', 'severity'],
    ['country_code', 'country'],
    ['system_name', 'method'],
    ['recorded_at', undefined],
    ['audittrail.principal_name', 'principal'],
    ['id', undefined],
    ['request_id', undefined],
    ['request_body.name', undefined],
    ['constructor', undefined],
  ])('%s is %s', (field, column) => {
    expect(fieldColumn(field)).toBe(column);
  });
});

describe('an error in a rule', () => {
  it.each([
    [{ message: 'm' }, 'm'],
    [{ line: 3, message: 'm' }, 'Line 3: m'],
    [{ rule: 'r', line: 3, message: 'm' }, 'r, line 3: m'],
    [{ source: 'a.yml', line: null, message: 'm' }, 'a.yml: m'],
    [{ source: 'a.yml', rule: 'r', line: 1, message: 'm' }, 'a.yml, line 1: m'],
  ])('%j says where it is', (problem, text) => {
    expect(problemText(problem)).toBe(text);
  });
});
