// Other graphs on the same time axis and cursor: metrics of the machines beside the requests, from a dataset or from a board.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { SharedCursor } from '../../chart/cursor';
import { boardOptions, boardsOptions, datasetsOptions, peekOptions, savedQueryOptions } from '../../api/options';
import { withFollowed } from '../../model/metrics';
import { queryText } from '../../model/query-text';
import type { QuerySpec } from '../../model/query-spec';
import { groupsOf, type QueryAnswer } from '../../model/result';
import { parseSelect, selectText } from '../../model/select-text';
import type { QuerySearch } from '../../model/url-state';
import { Charts } from '../../result/Charts';
import { Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import type { Place } from '../../widgets/route';
import { TokenInput } from '../../widgets/TokenInput';
import css from './query.module.css';
import { useMetrics, useSelectOffer, useTypeOf } from './suggestions';

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  beside: QuerySearch['beside'];
  cursor: SharedCursor;
  utc: boolean;
  onSearch: (change: Partial<QuerySearch>) => void;
}
const NONE: ReadonlySet<string> = new Set();

export default function CorrelationsTab(props: Props) {
  const { place, answer, beside, onSearch } = props;
  const datasets = useQuery(datasetsOptions(place.env));
  const boards = useQuery(boardsOptions(place.env));
  const chosen = beside && ('board' in beside ? `board ${beside.board}` : `dataset ${beside.dataset}`);
  const isDataset = beside && 'dataset' in beside;
  return (
    <div className={css.raw}>
      <div className={css.correlations}>
        <label>
          Graphs from
          <select
            value={chosen ?? ''}
            onChange={(e) => {
              const [kind, ...name] = e.target.value.split(' ');
              const id = name.join(' ');
              if (kind === 'board') onSearch({ beside: { board: id } });
              else onSearch({ beside: kind === 'dataset' ? { dataset: id, select: [] } : undefined });
            }}
          >
            <option value="">Choose a dataset or a board…</option>
            <optgroup label="Datasets">
              {(datasets.data ?? []).map((d) => (
                <option key={d.slug} value={`dataset ${d.slug}`}>
                  {d.name}
                </option>
              ))}
            </optgroup>
            <optgroup label="Boards">
              {(boards.data ?? []).map((b) => (
                <option key={b.id} value={`board ${b.id}`}>
                  {b.name}
                </option>
              ))}
            </optgroup>
          </select>
        </label>
        {isDataset && (
          <Select
            env={place.env}
            dataset={beside.dataset}
            select={beside.select}
            onSelect={(select) => onSearch({ beside: { dataset: beside.dataset, select } })}
          />
        )}
      </div>
      {!beside && (
        <Empty title="What else happened at these times?">
          Metrics of hosts, runtimes and queues beside this query, on its time axis and cursor.
        </Empty>
      )}
      {isDataset && beside.select.length === 0 && (
        <Empty title="Choose what to draw">For example AVG of a gauge, or MAX of a queue’s length.</Empty>
      )}
      {isDataset && beside.select.length > 0 && (
        <Graph {...props} dataset={beside.dataset} spec={specOf(beside.select)} />
      )}
      {beside && 'board' in beside && <BoardGraphs {...props} board={beside.board} key={answer.result_id} />}
    </div>
  );
}
const specOf = (select: readonly string[]): QuerySpec =>
  withFollowed({
    calculations: select.flatMap((text) => {
      const read = parseSelect(text, () => undefined);
      return read && 'calculation' in read ? [read.calculation] : [];
    }),
  });

function Select({
  env,
  dataset,
  select,
  onSelect,
}: {
  env: string;
  dataset: string;
  select: readonly string[];
  onSelect: (select: string[]) => void;
}) {
  const [text, setText] = useState('');
  const [isFocused, setFocused] = useState(false);
  const typeOf = useTypeOf(env, dataset);
  const spec = specOf(select);
  const metrics = useMetrics(env, dataset);
  const offer = useSelectOffer({ env, dataset, metrics, enabled: isFocused }, text, spec, typeOf);
  return (
    <TokenInput
      label="DRAW"
      placeholder="AVG(…), MAX(…), P95(…)"
      tokens={select}
      text={text}
      onText={setText}
      {...offer}
      refusal="A calculation, as AVG(system.cpu.utilization)"
      onFocusChange={setFocused}
      onCommit={(text, editing) => {
        const read = parseSelect(text, typeOf);
        if (!read || !('calculation' in read)) return false;
        const next = [...select];
        next.splice(editing ?? next.length, editing === null ? 0 : 1, selectText(read.calculation));
        onSelect([...new Set(next)]);
        return true;
      }}
      onRemove={(index) => onSelect(select.filter((_, i) => i !== index))}
    />
  );
}

/** A query at the times of the result, drawn below it. */
function Graph({ place, dataset, answer, cursor, utc, spec, title }: Props & { spec: QuerySpec; title?: string }) {
  const timed = useMemo((): QuerySpec => {
    const { time_range: _t, granularity: _g, compare_time_offset_seconds: _c, ...rest } = spec;
    return {
      ...rest,
      start_time: Math.floor(answer.start_time),
      end_time: Math.ceil(answer.end_time),
      granularity: answer.granularity,
    };
  }, [spec, answer]);
  const { data, error, refetch } = useQuery(peekOptions(place.env, dataset, timed));
  const groups = useMemo(() => (data ? groupsOf(data) : []), [data]);
  if (error)
    return <ErrorBox what={title ?? 'The graph could not be drawn'} error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={4} />;
  return (
    <section aria-label={title ?? queryText(spec)} data-testid="beside">
      {title && <h3 className={css.besideTitle}>{title}</h3>}
      <Charts answer={data} groups={groups} view={undefined} utc={utc} hidden={NONE} cursor={cursor} height={130} />
    </section>
  );
}
function BoardGraphs(props: Props & { board: string }) {
  const board = useQuery(boardOptions(props.place.env, props.board));
  const panels = (board.data?.panels ?? []).flatMap((p) => (p.query_panel ? [p.query_panel] : []));
  if (board.error) return <ErrorBox what="The board could not be loaded" error={board.error} />;
  if (board.data && panels.length === 0) return <Empty title="This board has no query">Choose another one.</Empty>;
  return panels.map((panel) => (
    <SavedGraph key={panel.query_id} {...props} queryId={panel.query_id} dataset={panel.dataset ?? '__all__'} />
  ));
}
function SavedGraph({ queryId, ...props }: Props & { queryId: string }) {
  const { data, error } = useQuery(savedQueryOptions(props.place.env, props.dataset, queryId));
  if (error) return <ErrorBox what="A query of the board could not be read" error={error} />;
  return data ? <Graph {...props} spec={data} title={queryText(data)} /> : <Skeleton lines={4} />;
}
