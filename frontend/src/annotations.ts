import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './components/AnnotationEditor';
import { annotationQuery, newAnnotation, type AuditQuery } from './query';

/** Annotations of dashboards. */
export const annotations: AnnotationSupport<AuditQuery, AnnotationQuery<AuditQuery>> = {
  prepareQuery: (annotation) => annotationQuery(annotation.target),
  getDefaultQuery: newAnnotation,
  QueryEditor: AnnotationEditor,
};
