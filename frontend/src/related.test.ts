import { relatedQueries, withRelated } from './related';
import { fakeFrame } from './test/fakes';
import { asUser } from './test/user';

const SOURCE = { uid: 'audit', name: 'Audit' };

const frame = () =>
  fakeFrame('suspects', {
    principal: ['alice'],
    source_ip: ['192.0.2.66'],
    console_url: ['https://console.scaleway.com/iam/users'],
    step: ['log-in'],
  });

function linksOf(name: string) {
  const field = withRelated(frame(), SOURCE).fields.find((field) => field.name === name);
  return field?.config.links ?? [];
}

describe('related events', () => {
  it('are those of an address, of a principal, and of who made its credentials', () => {
    const scopes = relatedQueries('p-1', '192.0.2.66').map(({ query: { scope } }) => scope);
    expect(scopes).toEqual([
      { sourceIps: ['192.0.2.66'] },
      { principals: ['p-1'] },
      { text: 'p-1', riskClasses: ['credential_creation'] },
    ]);
    expect(relatedQueries()).toEqual([]);
  });
});

describe('related events for editors', () => {
  asUser({ permissions: { 'datasources:explore': true } });

  it('are one click from the cells of a table', () => {
    expect(linksOf('principal').map(({ title }) => title)).toEqual([
      'All of this principal',
      'Who made its credentials',
    ]);
    const [address] = linksOf('source_ip');
    expect(address.internal).toMatchObject({
      datasourceUid: 'audit',
      query: { scope: { sourceIps: ['${__data.fields.source_ip}'] } },
    });
    expect(linksOf('console_url')).toHaveLength(1);
    expect(linksOf('step')).toEqual([]);
  });
});

describe('related events without access to Explore', () => {
  asUser({ permissions: {} });

  it('have no links', () => {
    expect(linksOf('principal')).toEqual([]);
    expect(linksOf('console_url')).toHaveLength(1);
  });
});
