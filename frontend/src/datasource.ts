import {
  type AdHocVariableFilter,
  CoreApp,
  type DataFrame,
  type DataQueryError,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type DataSourceRef,
  type DataSourceWithLogsContextSupport,
  type DataSourceWithLogsLabelTypesSupport,
  type DataSourceWithQueryModificationSupport,
  type DataSourceWithSupplementaryQueriesSupport,
  type DataSourceWithToggleableQueryFiltersSupport,
  getDefaultTimeRange,
  type LogRowContextOptions,
  type LogRowModel,
  type MetricFindValue,
  type QueryFilterOptions,
  type QueryFixAction,
  type ScopedVars,
  SupplementaryQueryType,
  type SupplementaryQueryOptions,
  type TestDataSourceResponse,
  type TimeRange,
  type ToggleFilterAction,
} from '@grafana/data';
import {
  DataSourceWithBackend,
  getDataSourceSrv,
  getTemplateSrv,
  HealthCheckError,
  type TemplateSrv,
} from '@grafana/runtime';
import React, { type ReactNode } from 'react';
import { lastValueFrom, map, type Observable } from 'rxjs';

import { dressedAnnotations, isAnnotations, plainAnnotations } from './annotationFrame';
import { annotations } from './annotations';
import { bars, groupedBy, scopeFilters, type Bars } from './bars';
import { groupName } from './columns';
import { LogContext } from './components/LogContext';
import { NONE } from './conditions';
import { withDrafts } from './draft';
import { adHocFilters, hasFilter, MODIFICATIONS, modified, tagKeys, toggled, withFilters } from './filters';
import { isOutsideDashboards } from './grafana';
import { healthLines } from './health';
import { Interpolation } from './interpolation';
import { withFieldLabels, withSettingLabels } from './labels';
import { inLanguage } from './language';
import {
  contextOrder,
  contextQuery,
  contextRange,
  contextsOf,
  isLines,
  scrolled,
  volumeQuery,
  withNanos,
  type Context,
} from './logs';
import { metricsVariable, withMetricLinks, type Metrics } from './metricLinks';
import { withReadableNotices } from './notices';
import { isEmpty, newQuery, VERSION, withCluster, type AuditQuery } from './query';
import { reference } from './references';
import { withRelated } from './related';
import { Resources } from './resources';
import type { Settings } from './settings';
import { Shared } from './shared';
import type { AuditSource } from './source';
import { timeZoneOf, withTimeZone, withZoneOf } from './timezone';
import { t } from './translation';
import { Variables } from './variables';
import { inExplore } from './views';
import { words } from './words';

/** An error with the names that the editors give to fields. */
function labelled(error: DataQueryError): DataQueryError {
  return error.message ? { ...error, message: withFieldLabels(error.message) } : error;
}

/** The data source in the browser: it prepares queries and adds links to answers; the backend does the work. */
export class AuditDataSource
  extends DataSourceWithBackend<AuditQuery, Settings>
  implements
    AuditSource,
    DataSourceWithLogsContextSupport<AuditQuery>,
    DataSourceWithLogsLabelTypesSupport,
    DataSourceWithQueryModificationSupport<AuditQuery>,
    DataSourceWithSupplementaryQueriesSupport<AuditQuery>,
    DataSourceWithToggleableQueryFiltersSupport<AuditQuery>
{
  annotations = annotations;
  variables: Variables = new Variables(this);
  supportsAdjustableWindow = true;

  readonly resources = new Resources(
    (path, params) => this.getResource(path, params, { showErrorAlert: false }),
    (path, data) => this.postResource(path, data, { showErrorAlert: false })
  );

  /** The chosen attribute of the log context; the same for all lines until it is changed. */
  private context: Context = 'principal';

  /** The number of requests for annotations. */
  private requests = 0;

  /** In an annotation's settings both the editor and the dashboard send the query, and the editor each time it is shown. */
  private readonly shared = new Shared();

  /** The data source of metrics that links lead to where the dashboard chooses none. */
  private readonly metrics?: string;

  constructor(
    settings: DataSourceInstanceSettings<Settings>,
    private readonly templates: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.metrics = settings.jsonData?.metricsDataSource;
  }

  getDefaultQuery(app: CoreApp): Partial<AuditQuery> {
    return newQuery(app);
  }

  filterQuery(query: AuditQuery): boolean {
    return !query.hide && !isEmpty(query);
  }

  getQueryDisplayText(query: AuditQuery): string {
    return words(query);
  }

  applyTemplateVariables(query: AuditQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): AuditQuery {
    const { dependsOn: _, ...asked } = withFilters(query, adHocFilters(filters));
    const interpolated = new Interpolation(this.templates, scopedVars).query({
      ...asked,
      version: asked.version ?? VERSION,
    });
    return withTimeZone(interpolated, timeZoneOf(scopedVars, this.templates));
  }

  /** Grafana calls this instead of `query` where expressions use the answer, and for Explore and new alert rules. */
  interpolateVariablesInQueries(
    queries: AuditQuery[],
    scopedVars: ScopedVars,
    filters: AdHocVariableFilter[] = []
  ): AuditQuery[] {
    const bars = this.bars(scopedVars);
    const all = [...filters, ...bars.filters];
    return queries.map((query) => this.applyTemplateVariables(groupedBy(query, bars.groupBy), scopedVars, all));
  }

  targetContainsTemplate({ dependsOn: _, ...query }: AuditQuery): boolean {
    return this.templates.containsTemplate(JSON.stringify(query));
  }

  query(request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse> {
    return this.send(this.inDashboard(request));
  }

  /** Answers a request as it is, without the conditions of the dashboard's filter bars. */
  send(request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse> {
    // Not every caller calls filterQuery first.
    const targets = request.targets
      .filter((target) => this.filterQuery(target))
      .map((target) => withCluster(groupedBy(target, request.groupByKeys ?? [])));
    const prepared = { ...request, targets, scopedVars: withZoneOf(request) };
    if (!request.requestId?.startsWith('AQ')) {
      return this.post(prepared);
    }
    // An annotation's editor and the dashboard around it count their requests each for itself; of one id the first is cancelled.
    const asked = { ...prepared, requestId: `${request.requestId}-${this.requests++}` };
    return this.shared
      .answer(this.question(asked), () => super.query(inLanguage(scrolled(asked))))
      .pipe(
        // Each subscriber has frames of its own, which it may change.
        map((response) => ({ ...response, data: response.data.map((frame) => ({ ...frame })) })),
        map((response) => this.dressed(response, asked))
      );
  }

  /** The content of a request, without its requester. */
  private question({ targets, scopedVars, filters, range, maxDataPoints, intervalMs }: DataQueryRequest<AuditQuery>) {
    const queries = targets.map((target) => this.applyTemplateVariables(target, scopedVars, filters));
    return JSON.stringify([queries, range.from.valueOf(), range.to.valueOf(), maxDataPoints, intervalMs]);
  }

  private post(request: DataQueryRequest<AuditQuery>): Observable<DataQueryResponse> {
    return super.query(inLanguage(scrolled(request))).pipe(map((response) => this.dressed(response, request)));
  }

  /**
   * A request with all conditions of the dashboard's filter bars for this data source.
   *
   * Grafana passes those of one bar, and none where a panel mixes data sources, where an annotation's data source is a
   * variable, and where a bar has no data source and so the default one.
   */
  private inDashboard(request: DataQueryRequest<AuditQuery>): DataQueryRequest<AuditQuery> {
    if (isOutsideDashboards(request.app)) {
      return request;
    }
    const bars = this.bars(request.scopedVars);
    if (!bars.names.length) {
      return request;
    }
    const given = request.filters ?? scopeFilters(request.scopes);
    return {
      ...request,
      filters: [...given, ...bars.filters],
      groupByKeys: [...(request.groupByKeys ?? []), ...bars.groupBy],
    };
  }

  /** A query that names the filter bars it depends on, as it is stored in a panel. */
  dependent(query: AuditQuery, app: CoreApp | string | undefined): AuditQuery {
    const names = isOutsideDashboards(app) ? [] : this.bars().names;
    const { dependsOn: _, ...rest } = query;
    return names.length ? { ...rest, dependsOn: names.map(reference) } : rest;
  }

  /** The dashboard's filter bars that are about this data source. */
  bars(scopedVars: ScopedVars = {}): Bars {
    return bars(this.templates.getVariables(), (datasource) => this.isMeant(datasource, scopedVars));
  }

  /** Whether a reference, which may be a variable, a name, or nothing for the default, leads to this data source. */
  private isMeant(datasource: DataSourceRef | string | null | undefined, scopedVars: ScopedVars): boolean {
    const written = typeof datasource === 'string' ? datasource : datasource?.uid;
    const type = typeof datasource === 'string' ? undefined : datasource?.type;
    return this.resolved(written, scopedVars).some((found) => {
      if (found && found !== 'default') {
        return found === this.uid || found === this.name;
      }
      // As Grafana finds it: the default of the type, or of all.
      return getDataSourceSrv().getInstanceSettings(type ? { type } : null)?.uid === this.uid;
    });
  }

  /** A reference with its variable replaced, which may name several data sources. */
  private resolved(written: string | undefined, scopedVars: ScopedVars): unknown[] {
    let values: unknown[] | undefined;
    const replaced = this.templates.replace(written, scopedVars, (value: unknown) => {
      values = [value].flat();
      return '';
    });
    return values ?? [replaced];
  }

  /** Where the links of a request's events to metrics lead. */
  private metricsOf({ scopedVars, range }: DataQueryRequest<AuditQuery>): Metrics | undefined {
    const chosen = metricsVariable(this.templates.getVariables());
    const uid = (chosen && this.templates.replace(chosen, scopedVars)) || this.metrics;
    return uid ? { uid, range: range.raw } : undefined;
  }

  private dressed(response: DataQueryResponse, request: DataQueryRequest<AuditQuery>): DataQueryResponse {
    const metrics = this.metricsOf(request);
    const data = response.data.map((frame: DataFrame) => {
      const target = request.targets.find(({ refId }) => refId === frame.refId);
      if (target && isAnnotations(target)) {
        // A table shows markup as text.
        if (request.app === CoreApp.Explore) {
          return inExplore(plainAnnotations(frame));
        }
        // The targets of links have no variables.
        const asked = this.applyTemplateVariables(target, request.scopedVars, request.filters);
        // An annotation's settings query outside of any scene, and show markup as text.
        return '__annotation' in request.scopedVars && !request.scopedVars.__sceneObject
          ? plainAnnotations(frame)
          : dressedAnnotations(frame, { query: { ...asked, datasource: this.getRef() }, app: request.app, metrics });
      }
      const linked = target ? this.linked(frame, target, request) : frame;
      const lines = target && isLines(target) ? withDrafts(withNanos(linked), this.uid, request.range.raw) : linked;
      return withMetricLinks(withReadableNotices(lines), metrics);
    });
    return {
      ...response,
      data,
      errors: response.errors?.map(labelled),
      error: response.error && labelled(response.error),
    };
  }

  /** A frame of an investigation with its links; in Explore each frame also as a person can read it. */
  private linked(frame: DataFrame, { queryType }: AuditQuery, { app }: DataQueryRequest<AuditQuery>): DataFrame {
    const { uid, name } = this;
    const linked = queryType === 'investigate' ? withRelated(frame, { uid, name }) : frame;
    return app === CoreApp.Explore ? inExplore(linked) : linked;
  }

  async testDatasource(): Promise<TestDataSourceResponse> {
    const health = await this.callHealthCheck();
    // Grafana hides `verboseMessage` behind a click, and shows `message` below the title.
    const isOk = health?.status === 'OK';
    const lines = healthLines(health?.details, isOk);
    const details = { ...health?.details, message: withSettingLabels(lines.join(' · ')) };
    if (isOk) {
      return { status: 'success', message: t('health.ok', 'Audit Trail answers'), details };
    }
    const message = withSettingLabels(health?.message ?? t('health.none', 'The backend does not answer'));
    throw Object.assign(new HealthCheckError(message, details), { status: 'error', error: { details } });
  }

  // Ad-hoc filters

  async getTagKeys(_?: DataSourceGetTagKeysOptions<AuditQuery>): Promise<MetricFindValue[]> {
    return tagKeys();
  }

  async getTagValues(options: DataSourceGetTagValuesOptions<AuditQuery>): Promise<MetricFindValue[]> {
    // Values that the other filters allow, so that each offered combination has events.
    const filters = adHocFilters(options.filters.filter((filter) => filter.key !== options.key));
    const query: AuditQuery = {
      refId: 'TagValues',
      version: VERSION,
      queryType: 'values',
      column: options.key,
      withNone: true,
      filters,
    };
    const frames = await this.ask(query, options.timeRange);
    const text = frames[0]?.fields.find((field) => field.name === 'text');
    // The value of an event that lacks the column is offered as "(none)", which a filter takes too.
    const values = (text?.values ?? []).map((value) => value || NONE);
    return [...new Set<string>(values)].map((value) => ({ text: value, value }));
  }

  // Explore

  getSupportedSupplementaryQueryTypes(): SupplementaryQueryType[] {
    return [SupplementaryQueryType.LogsVolume];
  }

  getSupplementaryQuery(options: SupplementaryQueryOptions, query: AuditQuery): AuditQuery | undefined {
    return options.type === SupplementaryQueryType.LogsVolume ? volumeQuery(query) : undefined;
  }

  getSupplementaryRequest(
    type: SupplementaryQueryType,
    request: DataQueryRequest<AuditQuery>
  ): DataQueryRequest<AuditQuery> | undefined {
    const options: SupplementaryQueryOptions = { type };
    const targets = request.targets.flatMap((target) => this.getSupplementaryQuery(options, target) ?? []);
    return targets.length ? { ...request, targets } : undefined;
  }

  toggleQueryFilter(query: AuditQuery, filter: ToggleFilterAction): AuditQuery {
    return toggled(query, filter);
  }

  queryHasFilter(query: AuditQuery, { key, value }: QueryFilterOptions): boolean {
    return hasFilter(query, key, value);
  }

  modifyQuery(query: AuditQuery, action: QueryFixAction): AuditQuery {
    return modified(query, action);
  }

  getSupportedQueryModifications(): string[] {
    return MODIFICATIONS;
  }

  getLabelDisplayTypeFromFrame(label: string): string | null {
    return groupName(label) ?? null;
  }

  /** The context that a line is shown in: the chosen one where the line has it. */
  private contextOf(row: LogRowModel): Context | undefined {
    const contexts = contextsOf(row);
    return contexts.includes(this.context) ? this.context : contexts[0];
  }

  getLogRowContext = async (
    row: LogRowModel,
    options?: LogRowContextOptions,
    query?: AuditQuery
  ): Promise<DataQueryResponse> => {
    const context = this.contextOf(row);
    const asked = context && contextQuery(row, context, query);
    if (!asked) {
      return { data: [] };
    }
    const limit = options?.limit ?? asked.limit;
    const target = { ...asked, limit, order: contextOrder(options) };
    return { data: await this.ask(target, contextRange(row, options), options?.scopedVars) };
  };

  getLogRowContextQuery = async (
    row: LogRowModel,
    _?: LogRowContextOptions,
    query?: AuditQuery
  ): Promise<AuditQuery | null> => {
    const context = this.contextOf(row);
    return (context && contextQuery(row, context, query)) ?? null;
  };

  getLogRowContextUi = (row: LogRowModel, runContextQuery?: () => void): ReactNode =>
    React.createElement(LogContext, {
      key: row.uid,
      contexts: contextsOf(row),
      initial: this.contextOf(row),
      onChange: (context: Context) => {
        this.context = context;
        runContextQuery?.();
      },
    });

  /** The frames that answer one query of our own. */
  async ask(query: AuditQuery, range: TimeRange = getDefaultTimeRange(), scopedVars: ScopedVars = {}) {
    const request: DataQueryRequest<AuditQuery> = {
      app: CoreApp.Unknown,
      requestId: `audittrail-${query.refId}-${Math.random().toString(36).slice(2)}`,
      interval: '1m',
      intervalMs: 60_000,
      maxDataPoints: 1000,
      range,
      scopedVars,
      startTime: Date.now(),
      targets: [query],
      timezone: 'browser',
      hideFromInspector: true,
    };
    const response = await lastValueFrom(this.send(request));
    const error = response.errors?.[0] ?? response.error;
    if (error) {
      throw new Error(error.message ?? error.data?.message ?? t('ask.failed', 'The backend did not answer'));
    }
    return response.data as DataFrame[];
  }
}
