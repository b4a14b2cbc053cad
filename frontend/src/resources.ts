import type { TimeRange } from '@grafana/data';

import type { AuditQuery } from './query';

/** The backend's answers to editors and pickers. */
export interface Product {
  name: string;
  title?: string;
  services: Array<{ name: string; methods: string[] }>;
}

interface Principal {
  id: string;
  name: string;
  kind: string;
}

export interface Resource {
  id: string;
  name?: string | null;
  type?: string | null;
  region?: string | null;
  project?: string | null;
  events: number;
  lastSeen: string;
}

/** The backend's check of a query. */
export interface Check {
  /** Why it cannot be answered. */
  error: string | null;
  /** Warnings, such as about a name that no list has. */
  warnings: string[];
}

type Get = <T>(path: string, params?: Record<string, unknown>) => Promise<T>;

/** The range in the way the backend's resources take it. */
function bounds(range: TimeRange | undefined) {
  return range ? { from: range.from.valueOf(), to: range.to.valueOf() } : {};
}

/** The lists that pickers are filled from. */
export class Resources {
  private all?: Promise<Product[]>;
  private readonly names = new Map<string, string>();

  constructor(private readonly get: Get) {}

  /** The products; they change every few weeks, so that one answer does for a page. */
  products(): Promise<Product[]> {
    this.all ??= this.get<{ products: Product[] }>('products')
      .then((answer) => answer.products)
      .catch((error) => {
        this.all = undefined;
        throw error;
      });
    return this.all;
  }

  /** The name of a resource or principal that an answer has named. */
  nameOf(id: string): string | undefined {
    return this.names.get(id);
  }

  private named<T extends { id: string; name?: string | null }>(items: T[]): T[] {
    items.forEach(({ id, name }) => name && this.names.set(id, name));
    return items;
  }

  async principals(query: string): Promise<Principal[]> {
    return this.named((await this.get<{ principals: Principal[] }>('principals', { query })).principals);
  }

  async resources(query: string, range?: TimeRange): Promise<Resource[]> {
    const answer = await this.get<{ resources: Resource[] }>('resources', { query, ...bounds(range) });
    return this.named(answer.resources);
  }

  /** The backend's check of a query, or of that query under an alert rule. */
  check(query: Partial<AuditQuery>, rule: boolean): Promise<Check> {
    return this.get<Check>('check', { query: JSON.stringify(query), rule });
  }
}
