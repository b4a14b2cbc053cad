import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import type { Observable } from 'rxjs';

import { VariableEditor } from './components/VariableEditor';
import type { AuditDataSource } from './datasource';
import { newVariable, variableQuery, type AuditQuery } from './query';
import type { Settings } from './settings';

/** Variables: the distinct values of a column. */
export class Variables extends CustomVariableSupport<AuditDataSource, AuditQuery, AuditQuery, Settings> {
  editor = VariableEditor;

  constructor(private readonly datasource: AuditDataSource) {
    super();
  }

  getDefaultQuery() {
    return newVariable();
  }

  query = (request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse> =>
    this.datasource.query({ ...request, targets: request.targets.map(variableQuery) });
}
