import { fakeDataSource, fakeFrame } from './test/fakes';
import { columnValues, completion } from './values';

function answering(text: unknown[], value: unknown[]) {
  const datasource = fakeDataSource();
  jest.mocked(datasource.ask).mockResolvedValue([fakeFrame('values', { text, value })]);
  return datasource;
}

describe('values of a column', () => {
  it('are those that the other conditions allow, and absence', async () => {
    const datasource = answering(['FR', '(none)'], ['FR', '']);
    const filters = [{ key: 'mfa', operator: '=' as const, value: '(none)' }];
    const scope = { kinds: ['authentication'] };
    expect(await columnValues(datasource, { column: 'country', scope, filters }, undefined)).toEqual([
      { value: 'FR', label: 'FR' },
      { value: '(none)', label: '(none)' },
    ]);
    expect(datasource.ask).toHaveBeenCalledWith(
      expect.objectContaining({ queryType: 'values', column: 'country', scope, filters, withNone: true }),
      undefined
    );
  });

  it('are names with the compared text: an id, or the name of a principal', async () => {
    const shown = async (column: string) =>
      columnValues(answering(['web-1', 'web-1'], ['r-1', 'r-2']), { column }, undefined);
    expect(await shown('resource_id')).toEqual([
      { value: 'r-1', label: 'web-1', description: 'r-1' },
      { value: 'r-2', label: 'web-1', description: 'r-2' },
    ]);
    expect(await shown('principal')).toEqual([{ value: 'web-1', label: 'web-1' }]);
  });

  it('include known values without events in the range', async () => {
    const datasource = answering(['low'], ['low']);
    const values = await columnValues(datasource, { column: 'severity' }, undefined);
    expect(values.map(({ value }) => value)).toEqual(['critical', 'high', 'medium', 'low']);
  });
});

describe('a completion', () => {
  const options = [
    { value: 'r-1', label: 'web-1' },
    { value: 'FR', label: 'FR' },
  ];

  it('requests values once, and finds labels and values in any case', async () => {
    const ask = jest.fn(async () => options);
    const complete = completion(ask);
    expect(await complete('')).toEqual(options);
    expect(await complete('WEB')).toEqual([options[0]]);
    expect(await complete('fr')).toEqual([options[1]]);
    expect(await complete('r-1')).toEqual([options[0]]);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('finds nothing while the backend fails, and requests again', async () => {
    const ask = jest.fn().mockRejectedValueOnce(new Error('no region answers')).mockResolvedValue(options);
    const complete = completion(ask);
    expect(await complete('')).toEqual([]);
    expect(await complete('')).toEqual(options);
  });
});
