import type { TimeRange } from '@grafana/data';

import { withLanguage } from './language';
import type { AuditQuery } from './query';
import type { Detections, RuleField, RuleProblem } from './rules';

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

/** The URL of a data source of Cockpit's metrics, as Cockpit's API lists it. */
export interface FoundUrl {
  url: string;
  name: string;
  region: string;
  project: { id: string; name: string | null };
}

type Get = <T>(path: string, params?: Record<string, unknown>) => Promise<T>;

type Post = <T>(path: string, data: Record<string, unknown>) => Promise<T>;

/** The range in the way the backend's resources take it. */
function bounds(range: TimeRange | undefined) {
  return range ? { from: range.from.valueOf(), to: range.to.valueOf() } : {};
}

/** The lists that pickers are filled from. */
export class Resources {
  private readonly lists = new Map<string, Promise<unknown>>();
  private readonly names = new Map<string, string>();
  private detectionsAsked?: Promise<Detections>;

  constructor(
    private readonly get: Get,
    private readonly post: Post
  ) {}

  /** A list that changes so rarely that one answer does for a page; a failure is requested again. */
  private once<T>(path: string): Promise<T> {
    const known = this.lists.get(path) ?? this.get<T>(path);
    this.lists.set(path, known);
    known.catch(() => this.lists.delete(path));
    return known as Promise<T>;
  }

  async products(): Promise<Product[]> {
    return (await this.once<{ products: Product[] }>('products')).products;
  }

  /** The detection rules. They change with the files of rules: one answer is for those who ask at the same time. */
  async detections(): Promise<Detections> {
    this.detectionsAsked ??= this.get<Detections>('detections').finally(() => (this.detectionsAsked = undefined));
    const { rules, problems } = await this.detectionsAsked;
    this.named(rules.map(({ id, title }) => ({ id, name: title })));
    return { rules, problems };
  }

  /** The fields that conditions of rules can have. */
  async detectionFields(): Promise<RuleField[]> {
    return (await this.once<{ fields: RuleField[] }>('detection-fields')).fields;
  }

  /** The errors in the text of rules. */
  async checkRules(sigma: string, besideShipped: boolean): Promise<RuleProblem[]> {
    return (await this.post<{ problems: RuleProblem[] }>('detections/check', { sigma, besideShipped })).problems;
  }

  /** The URLs of Cockpit's metrics in the organization, and what was not searched. */
  metricsUrls(): Promise<{ urls: FoundUrl[]; notices: string[] }> {
    return this.get('cockpit-urls', withLanguage({}));
  }

  /** The name of a resource, principal or rule that an answer has named. */
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
    return this.get<Check>('check', { query: JSON.stringify(withLanguage(query)), rule });
  }
}
