// What a panel shows: the answer of a query under the board's time and filters, an SLO, or text.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { SharedHighlight } from '../../chart/cursor';
import type { Board } from '../../api/calls';
import { peekOptions, savedQueryOptions, sloOptions } from '../../api/options';
import { numberText } from '../../model/format';
import type { Filter, QuerySpec } from '../../model/query-spec';
import { groupsOf, type SortKey } from '../../model/result';
import { withAbsolute, withRelative } from '../../model/time-range';
import type { BoardSearch } from '../../model/url-state';
import { readView } from '../../model/view-settings';
import { Charts } from '../../result/Charts';
import { SummaryTable } from '../../result/SummaryTable';
import { Empty, ErrorBox, Progress, Skeleton } from '../../widgets/basic';
import { useUtc } from '../../widgets/prefs';
import { useThemeColours } from '../../widgets/theme';
import css from './boards.module.css';

export type Panel = Board['panels'][number];
export type QueryPanelData = NonNullable<Panel['query_panel']>;

/** The panel's query under the board's time and filters; filters joined by OR stay among themselves and so can't be narrowed. */
export function underBoard(spec: QuerySpec, search: BoardSearch): { spec: QuerySpec; isNarrowed: boolean } {
  const { id: _id, ...kept } = spec;
  let next: QuerySpec = kept;
  if (search.start_time !== undefined && search.end_time !== undefined)
    next = withAbsolute(next, search.start_time, search.end_time);
  else if (search.time_range !== undefined) next = withRelative(next, search.time_range);
  const extra = search.filters ?? [];
  const isOr = spec.filter_combination === 'OR' && (spec.filters?.length ?? 0) > 1;
  if (extra.length === 0 || isOr) return { spec: next, isNarrowed: extra.length === 0 };
  return {
    spec: { ...next, filters: [...(next.filters ?? []), ...extra], filter_combination: 'AND' },
    isNarrowed: true,
  };
}

export function QueryPanel({
  env,
  panel,
  search,
  height,
  refresh,
  onZoom,
}: {
  env: string;
  panel: QueryPanelData;
  search: BoardSearch;
  /** Room for charts and table, in pixels. */
  height: number;
  refresh: number | undefined;
  onZoom: (start: number, end: number) => void;
}) {
  const utc = useUtc();
  const colours = useThemeColours();
  const [sort, setSort] = useState<SortKey | undefined>();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [highlight] = useState(() => new SharedHighlight());
  const saved = useQuery(savedQueryOptions(env, panel.dataset, panel.query_id));
  const asked = useMemo(() => underBoard(saved.data ?? {}, search), [saved.data, search]);
  const { data, error, isFetching, refetch } = useQuery({
    // By its id it is told from a new one, in which a member that nobody knows is refused.
    ...peekOptions(env, panel.dataset, { ...asked.spec, id: panel.query_id }, refresh),
    enabled: saved.data !== undefined,
  });
  const groups = useMemo(() => (data ? groupsOf(data) : []), [data]);
  const problem = saved.error ?? error;
  if (problem) return <ErrorBox what="This panel has no answer" error={problem} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={4} />;
  const charts = Math.max(1, data.calculations.length);
  const share = panel.query_style === 'combo' ? 0.55 : 1;
  const isEmpty = data.results.length === 0;
  const hide = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  };
  return (
    <>
      <Progress active={isFetching} />
      {!asked.isNarrowed && (
        <p className={css.note}>Its filters are joined by OR: those of the board do not apply here.</p>
      )}
      {isEmpty && <Empty title="No events match" />}
      {!isEmpty && panel.query_style !== 'table' && (
        <Charts
          answer={data}
          groups={groups}
          view={readView(panel.visualization_settings)}
          utc={utc}
          hidden={hidden}
          highlight={highlight}
          height={Math.max(84, Math.floor((height * share) / charts) - 42)}
          onHide={hide}
          onSpan={(span) => onZoom(span.start, span.end)}
          onBox={(box) => onZoom(box.start, box.end)}
        />
      )}
      {!isEmpty && panel.query_style !== 'graph' && (
        <SummaryTable
          answer={data}
          groups={groups}
          hidden={hidden}
          colours={colours.series}
          sort={sort}
          maxHeight={`${Math.max(120, Math.floor(height * (panel.query_style === 'combo' ? 0.45 : 1)) - 40)}px`}
          onSort={setSort}
          onHide={panel.query_style === 'combo' ? hide : undefined}
          onHover={panel.query_style === 'combo' ? (key) => highlight.say(key) : undefined}
        />
      )}
    </>
  );
}

/** An SLO with its compliance and what is left of its budget, in words and numbers. */
export function SloPanel({ env, id }: { env: string; id: string }) {
  const { data, error, refetch } = useQuery(sloOptions(env, id));
  if (error) return <ErrorBox what="This SLO could not be read" error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={3} />;
  const left = data.budget_remaining;
  const state = left === undefined ? 'unknown' : left <= 0 ? 'spent' : left < 25 ? 'low' : 'well';
  return (
    <div className={css.slo} data-state={state}>
      <strong>{data.name}</strong>
      <p>
        Target {numberText(data.target_per_million / 10_000)} % over {data.time_period_days} days
      </p>
      <p className="num">
        {data.compliance === undefined ? 'No compliance yet' : `Compliance ${numberText(data.compliance)} %`}
      </p>
      {left !== undefined && (
        <p className="num">
          Budget left <b>{numberText(left)} %</b>
          {state === 'spent' && ' · spent'}
          {state === 'low' && ' · running out'}
        </p>
      )}
    </div>
  );
}

/** A filter in the words of a board view. */
export const viewFilter = (f: Filter) => ({
  column: f.column ?? '',
  operation: f.op,
  ...(f.value === undefined || f.value === null ? {} : { value: f.value }),
});
export const filterOfView = (f: { column: string; operation: string; value?: unknown }): Filter => ({
  column: f.column,
  op: f.operation,
  ...(f.value === undefined ? {} : { value: f.value as Filter['value'] }),
});
