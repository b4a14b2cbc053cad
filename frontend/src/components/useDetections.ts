import type { Detections } from '../rules';
import type { AuditSource } from '../source';
import { useAnswer } from './useAnswer';

const NONE: Detections = { rules: [], problems: [] };

/** The detection rules; none while they are fetched, or where they cannot be: a picker still takes text. */
export function useDetections(datasource: AuditSource, isWanted = true): Detections {
  return useAnswer(datasource, 'detections', () => datasource.resources.detections(), isWanted) ?? NONE;
}
