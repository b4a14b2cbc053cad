import { getBackendSrv } from '@grafana/runtime';

import { Resources } from './resources';

/** The resources of a data source as it is stored, for its own settings page. */
export function storedResources(uid: string): Resources {
  const url = (path: string) => `/api/datasources/uid/${uid}/resources/${path}`;
  const quietly = { showErrorAlert: false };
  return new Resources(
    (path, params) => getBackendSrv().get(url(path), params, undefined, quietly),
    (path, data) => getBackendSrv().post(url(path), data, quietly)
  );
}
