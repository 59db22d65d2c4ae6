// The filters of a whole board: a list of values per preset column, the views that name sets of them, and what stands in the link.
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronDown, X } from 'lucide-react';
import { useState } from 'react';
import { createBoardView, deleteBoardView, type Board } from '../../api/calls';
import { boardViewsOptions, columnsOptions, valuesOptions } from '../../api/options';
import { commonest, datasetsOf } from '../../model/board';
import { valueText } from '../../model/format';
import { filterText, type Filter, type Scalar } from '../../model/query-spec';
import type { BoardSearch } from '../../model/url-state';
import { Button, ErrorBox, IconButton } from '../../widgets/basic';
import { DialogBox, DropMenu } from '../../widgets/popup';
import css from './boards.module.css';
import { filterOfView, viewFilter } from './panels';

const PRESETS_MAX = 5;
type Presets = Board['preset_filters'];

interface Props {
  env: string;
  board: Board;
  search: BoardSearch;
  onFilters: (filters: Filter[]) => void;
  /** The board is being edited. */
  onPresets?: (presets: Presets) => void;
}
export function BoardFilters({ env, board, search, onFilters, onPresets }: Props) {
  const client = useQueryClient();
  const views = useQuery(boardViewsOptions(env, board.id));
  const [isNaming, setNaming] = useState(false);
  const filters = search.filters ?? [];
  const forget = () => client.invalidateQueries({ queryKey: ['board-views', env, board.id] });
  const remove = useMutation({ mutationFn: (id: string) => deleteBoardView(env, board.id, id), onSuccess: forget });
  const current = (views.data ?? []).find(
    (v) =>
      JSON.stringify(v.filters.map(filterOfView)) === JSON.stringify(filters.map((f) => filterOfView(viewFilter(f)))),
  );
  const set = (column: string, value: Scalar | undefined) => {
    const rest = filters.filter((f) => f.column !== column);
    onFilters(value === undefined ? rest : [...rest, { column, op: '=', value }]);
  };
  const hasAnything = board.preset_filters.length > 0 || filters.length > 0 || (views.data?.length ?? 0) > 0;
  if (!hasAnything && !onPresets) return null;
  const datasets = datasetsOf(board.panels);
  const preset = new Set(board.preset_filters.map((p) => p.column));
  return (
    <div className={css.filters} aria-label="Filters of the board" role="group">
      {board.preset_filters.map((p) => (
        <span key={p.column} className={css.preset}>
          <PresetFilter
            env={env}
            datasets={datasets}
            column={p.column}
            alias={p.alias}
            value={filters.find((f) => f.column === p.column && f.op === '=')?.value}
            onValue={(value) => set(p.column, value)}
          />
          {onPresets && (
            <IconButton
              label={`Take ${p.alias} away`}
              onClick={() => onPresets(board.preset_filters.filter((x) => x.column !== p.column))}
            >
              <X size={14} />
            </IconButton>
          )}
        </span>
      ))}
      {filters
        .filter((f) => !preset.has(f.column ?? '') || f.op !== '=')
        .map((f) => (
          <span key={filterText(f)} className={css.chip}>
            <code>{filterText(f)}</code>
            <IconButton label={`Remove ${filterText(f)}`} onClick={() => onFilters(filters.filter((x) => x !== f))}>
              <X size={12} />
            </IconButton>
          </span>
        ))}
      {onPresets ? (
        <NewPreset
          env={env}
          isFull={board.preset_filters.length >= PRESETS_MAX}
          taken={preset}
          onAdd={(p) => onPresets([...board.preset_filters, p])}
        />
      ) : (
        <DropMenu
          trigger={
            <Button kind="plain">
              {current ? current.name : 'Views'}
              <ChevronDown size={14} />
            </Button>
          }
          list={[
            ...(views.data ?? []).map((v) => ({
              id: v.id,
              label: v.name,
              detail: v.filters.length === 1 ? '1 filter' : `${v.filters.length} filters`,
              onSelect: () => onFilters(v.filters.map(filterOfView)),
            })),
            ...(views.data?.length ? [null] : []),
            {
              id: 'save',
              label: 'Keep these filters as a view',
              disabled: filters.length === 0,
              onSelect: () => setNaming(true),
            },
            ...(current
              ? [{ id: 'delete', label: `Delete the view ${current.name}`, onSelect: () => remove.mutate(current.id) }]
              : []),
            ...(filters.length > 0 ? [{ id: 'none', label: 'No filters', onSelect: () => onFilters([]) }] : []),
          ]}
        />
      )}
      {isNaming && (
        <NameView
          onClose={() => setNaming(false)}
          onName={(name) => createBoardView(env, board.id, { name, filters: filters.map(viewFilter) }).then(forget)}
        />
      )}
    </div>
  );
}

function PresetFilter({
  env,
  datasets,
  column,
  alias,
  value,
  onValue,
}: {
  env: string;
  datasets: readonly string[];
  column: string;
  alias: string;
  value: Filter['value'];
  onValue: (value: Scalar | undefined) => void;
}) {
  const asked = useQueries({
    queries: datasets.map((dataset) => valuesOptions(env, dataset, column, '', 86_400)),
  });
  const values = commonest(asked.flatMap((a) => a.data?.values ?? []));
  const chosen = typeof value === 'object' || value === undefined ? undefined : value;
  const all = chosen === undefined || values.includes(chosen) ? values : [chosen, ...values];
  return (
    <label>
      {alias}
      <select
        value={chosen === undefined ? '' : JSON.stringify(chosen)}
        onChange={(e) => onValue(e.target.value === '' ? undefined : (JSON.parse(e.target.value) as Scalar))}
      >
        <option value="">any</option>
        {all.map((v) => (
          <option key={JSON.stringify(v)} value={JSON.stringify(v)}>
            {valueText(v)}
          </option>
        ))}
      </select>
    </label>
  );
}
function NewPreset({
  env,
  isFull,
  taken,
  onAdd,
}: {
  env: string;
  isFull: boolean;
  taken: ReadonlySet<string>;
  onAdd: (preset: Presets[number]) => void;
}) {
  const [column, setColumn] = useState('');
  const { data } = useQuery(columnsOptions(env, '__all__', column, 20));
  if (isFull) return <span className={css.note}>Five filters are the most a board offers.</span>;
  const isRight = column.trim() !== '' && !taken.has(column.trim());
  return (
    <form
      className={css.newPreset}
      onSubmit={(e) => {
        e.preventDefault();
        if (!isRight) return;
        onAdd({ column: column.trim(), alias: column.trim().slice(0, 50) });
        setColumn('');
      }}
    >
      <input
        aria-label="Column to filter the board by"
        placeholder="Filter the board by a column"
        list="preset-columns"
        value={column}
        onChange={(e) => setColumn(e.target.value)}
        spellCheck={false}
      />
      <datalist id="preset-columns">
        {(data?.columns ?? []).map((c) => (
          <option key={c.key_name} value={c.key_name} />
        ))}
      </datalist>
      <Button type="submit" disabled={!isRight}>
        Offer it
      </Button>
    </form>
  );
}
function NameView({ onClose, onName }: { onClose: () => void; onName: (name: string) => Promise<unknown> }) {
  const [name, setName] = useState('');
  const [error, setError] = useState<Error | null>(null);
  return (
    <DialogBox title="Keep these filters" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim()) onName(name.trim()).then(onClose, (cause: Error) => setError(cause));
        }}
      >
        <label>
          Name of the view
          <input autoFocus value={name} onChange={(e) => setName(e.target.value)} maxLength={255} />
        </label>
        {error && <ErrorBox what="It could not be kept" error={error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!name.trim()}>
            Keep view
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
