import { type DataLink, type Field, locationUtil, type RawTimeRange, urlUtil } from '@grafana/data';

/** A query in Explore's own pane. */
interface Pane {
  /** The uid of a data source. */
  datasource: string | undefined;
  queries: object[];
  range: RawTimeRange | { from: string; to: string };
}

/** The address of Explore with a pane of a name. */
export function exploreAddress(name: string, { datasource, queries, range }: Pane): string {
  const [from, to] = [range.from, range.to].map((end) => (typeof end === 'string' ? end : String(end.valueOf())));
  const panes = JSON.stringify({ [name]: { datasource, queries, range: { from, to } } });
  const address = locationUtil.assureBaseUrl(urlUtil.renderUrl('/explore', { schemaVersion: '1', panes }));
  // Grafana replaces variables in the addresses of links, and a text of an event may look like one.
  return address.replaceAll('$', '%24');
}

/** The addresses of values; of a value with several, such as a name of two resources, none. */
function addressesOf(values: Field['values'], addresses: ReadonlyArray<string | undefined>): Map<unknown, string> {
  const found = new Map<unknown, string>();
  const ambiguous = new Set<unknown>();
  values.forEach((value, row) => {
    const address = addresses[row] ?? '';
    if (found.has(value) && found.get(value) !== address) {
      ambiguous.add(value);
    }
    found.set(value, address);
  });
  return new Map([...found].filter(([value, address]) => address && !ambiguous.has(value)));
}

/** A field with a link of each value to the address of its row; Grafana leaves out the link of a value without one. */
export function withRowLink(field: Field, title: string, addresses: ReadonlyArray<string | undefined>): Field {
  const byValue = addressesOf(field.values, addresses);
  const link: DataLink = {
    title,
    url: '',
    targetBlank: true,
    // Rows are sorted and filtered after this: the value says which it is.
    onBuildUrl: ({ replaceVariables }) => byValue.get(replaceVariables?.('${__value.raw}')) ?? '',
  };
  return { ...field, config: { ...field.config, links: [...(field.config.links ?? []), link] } };
}
