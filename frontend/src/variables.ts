import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import type { Observable } from 'rxjs';

import { VariableEditor } from './components/VariableEditor';
import { newVariable, variableQuery, type AuditQuery } from './query';
import type { Settings } from './settings';
import type { AuditSource } from './source';

/** Variables: the distinct values of a column. */
export class Variables extends CustomVariableSupport<AuditSource, AuditQuery, AuditQuery, Settings> {
  editor = VariableEditor;

  constructor(private readonly datasource: AuditSource) {
    super();
  }

  getDefaultQuery() {
    return newVariable();
  }

  /** As in Grafana's other data sources, the dashboard's filter bars do not narrow a variable's values. */
  query = (request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse> =>
    this.datasource.send({ ...request, targets: request.targets.map(variableQuery) });
}
