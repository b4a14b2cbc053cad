import type { CoreApp, DataFrame, DataQueryRequest, DataQueryResponse, ScopedVars, TimeRange } from '@grafana/data';
import type { DataSourceWithBackend } from '@grafana/runtime';
import type { Observable } from 'rxjs';

import type { AuditQuery } from './query';
import type { Resources } from './resources';
import type { Settings } from './settings';

/** The data source as its editors see it. */
export interface AuditSource extends DataSourceWithBackend<AuditQuery, Settings> {
  readonly resources: Resources;

  /** Answers a request of Grafana's. */
  send(request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse>;

  /** The frames that answer one query of the plugin's own. */
  ask(query: AuditQuery, range?: TimeRange, scopedVars?: ScopedVars): Promise<DataFrame[]>;

  /** A query that names the filter bars it depends on, as it is stored in a panel. */
  dependent(query: AuditQuery, app: CoreApp | string | undefined): AuditQuery;
}
