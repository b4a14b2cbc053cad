import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './components/AnnotationEditor';
import { annotationQuery, type AuditQuery } from './query';

/**
 * Annotations of dashboards.
 *
 * There is no `getDefaultQuery`: Grafana would lay it under stored queries too, and only in the editor, which would then
 * show and store conditions that the dashboard does not have.
 */
export const annotations: AnnotationSupport<AuditQuery, AnnotationQuery<AuditQuery>> = {
  prepareQuery: (annotation) => annotationQuery(annotation.target),
  QueryEditor: AnnotationEditor,
};
