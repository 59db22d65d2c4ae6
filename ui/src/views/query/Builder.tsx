// The six clauses. Each box turns text into its part of the query and back; the query itself lives in the URL.
import { useState, type Ref } from 'react';
import {
  isRelational,
  filterText,
  havingText,
  LIMIT_MAX,
  orderText,
  parseFilter,
  parseFilterLines,
  parseHaving,
  parseOrder,
  withPasted,
  type QuerySpec,
} from '../../model/query-spec';
import { whyNot } from '../../model/metrics';
import { formulaText, parseSelect, selectText } from '../../model/select-text';
import { rangeSeconds } from '../../model/time-range';
import { TokenInput } from '../../widgets/TokenInput';
import { datasetPath, useGo, usePlace } from '../../widgets/route';
import css from './query.module.css';
import {
  havingOffer,
  orderOffer,
  useColumnOffer,
  useMetrics,
  useSelectOffer,
  useTypeOf,
  useWhereOffer,
} from './suggestions';

interface Props {
  env: string;
  dataset: string;
  spec: QuerySpec;
  onEdit: (spec: QuerySpec) => void;
  selectRef: Ref<HTMLInputElement>;
  /** The clause the server objects to, with its words. */
  problem?: { field: string; message: string };
}

const CLAUSES = ['SELECT', 'WHERE', 'GROUP BY', 'ORDER BY', 'LIMIT', 'HAVING'];
/** Goes to the clause of a digit, `1` being SELECT. */
export const focusClause = (key: string): void =>
  document.querySelector<HTMLInputElement>(`[data-clause="${CLAUSES[Number(key) - 1]}"] input`)?.focus();

export function Builder({ env, dataset, spec, onEdit, selectRef, problem }: Props) {
  const typeOf = useTypeOf(env, dataset);
  const place = usePlace();
  const go = useGo();
  const onNewField = () => go(datasetPath(place, dataset, '/schema'), { tab: 'fields' });
  const [focused, setFocused] = useState<string | null>(null);
  const metrics = useMetrics(env, dataset);
  const isMetrics = metrics !== undefined;
  const scope = (clause: string) => ({ env, dataset, metrics, enabled: focused === clause, onNewField });
  const focus = (clause: string) => (on: boolean) => setFocused((old) => (on ? clause : old === clause ? null : old));
  const errorOf = (member: string) => (problem?.field.startsWith(member) ? problem.message : undefined);

  const [select, setSelect] = useState('');
  const [where, setWhere] = useState('');
  const [group, setGroup] = useState('');
  const [order, setOrder] = useState('');
  const [having, setHaving] = useState('');
  const selectOffer = useSelectOffer(scope('SELECT'), select, spec, typeOf);
  const whereOffer = useWhereOffer(scope('WHERE'), where, typeOf, rangeSeconds(spec), spec);
  const groupOffer = useColumnOffer(scope('GROUP BY'), group, spec);

  /** Puts an item in the place of the edited one, or behind the others. */
  function put<T>(list: readonly T[] | undefined, item: T, editing: number | null): T[] {
    const next = [...(list ?? [])];
    if (editing === null) next.push(item);
    else next[editing] = item;
    return next;
  }
  const without = <T,>(list: readonly T[] | undefined, index: number): T[] =>
    (list ?? []).filter((_, i) => i !== index);
  const isOr = spec.filter_combination === 'OR';
  const hasRelations = isRelational(spec);
  const calculations = spec.calculations ?? [];
  const formulas = spec.formulas ?? [];

  /** Takes a calculation or a formula; an edited one stays in its place unless it has become the other. */
  const commitSelect = (text: string, editing: number | null): boolean => {
    const taken = [...calculations, ...formulas].flatMap((c, i) => (c.name && i !== editing ? [c.name] : []));
    const read = parseSelect(text, typeOf, taken);
    if (!read) return false;
    const edited = editing === null ? null : editing < calculations.length ? 'calculation' : 'formula';
    const rest = {
      ...spec,
      calculations: edited === 'calculation' && 'formula' in read ? without(calculations, editing!) : calculations,
      formulas:
        edited === 'formula' && 'calculation' in read ? without(formulas, editing! - calculations.length) : formulas,
    };
    if ('formula' in read) {
      const at = edited === 'formula' ? editing! - calculations.length : null;
      onEdit({ ...rest, formulas: put(rest.formulas, read.formula, at) });
      return true;
    }
    const item = read.calculation;
    if (whyNot(item, isMetrics)) return false;
    const at = edited === 'calculation' ? editing : null;
    const isThere = calculations.some((c, i) => i !== at && selectText(c) === selectText(item));
    if (!isThere) onEdit({ ...rest, calculations: put(rest.calculations, item, at) });
    return true;
  };

  const typed = parseSelect(select, typeOf);
  const notHere = typed && 'calculation' in typed ? whyNot(typed.calculation, isMetrics) : undefined;

  return (
    <section className={css.builder} aria-label="Query builder">
      <TokenInput
        label="SELECT"
        placeholder={isMetrics ? 'a metric, as SUM(requests)' : 'COUNT when empty'}
        tokens={[...calculations.map(selectText), ...formulas.map(formulaText)]}
        text={select}
        onText={setSelect}
        {...selectOffer}
        refusal={notHere ?? 'SELECT takes a calculation, as COUNT or P95(duration_ms), or a formula'}
        typedWins={/\s(where|as)\s+\S|^\s*=/i.test(select)}
        inputRef={selectRef}
        error={errorOf('calculations') ?? errorOf('formulas')}
        onFocusChange={focus('SELECT')}
        onCommit={commitSelect}
        onRemove={(i) =>
          onEdit(
            i < calculations.length
              ? { ...spec, calculations: without(calculations, i) }
              : { ...spec, formulas: without(formulas, i - calculations.length) },
          )
        }
      />
      <TokenInput
        label="WHERE"
        placeholder="every event"
        tokens={(spec.filters ?? []).map(filterText)}
        text={where}
        onText={setWhere}
        {...whereOffer}
        typedWins={/\s(=|!=|>=|<=|>|<|\S+-\S+|contains|in)\s+\S/.test(where)}
        refusal="WHERE takes a column, an operator and a value, as status_code >= 500"
        onPaste={(text) => {
          const read = parseFilterLines(text, typeOf);
          const next = read && withPasted(spec, read);
          if (next) onEdit(next);
          return !!next;
        }}
        error={errorOf('filter')}
        onFocusChange={focus('WHERE')}
        onCommit={(text, editing) => {
          const item = parseFilter(text, typeOf);
          if (!item) return false;
          onEdit({ ...spec, filters: put(spec.filters, item, editing) });
          return true;
        }}
        onRemove={(i) => onEdit({ ...spec, filters: without(spec.filters, i) })}
        trailing={
          (spec.filters?.length ?? 0) > 1 && (
            <button
              type="button"
              className={css.combination}
              aria-label={`Filters joined by ${isOr ? 'OR' : 'AND'}; switch to ${isOr ? 'AND' : 'OR'}`}
              title={hasRelations ? 'Conditions on other spans of the trace are joined by AND' : undefined}
              disabled={hasRelations && !isOr}
              onClick={() => onEdit({ ...spec, filter_combination: isOr ? 'AND' : 'OR' })}
            >
              <span data-on={!isOr || undefined}>AND</span>
              <span data-on={isOr || undefined}>OR</span>
            </button>
          )
        }
      />
      <TokenInput
        label="GROUP BY"
        placeholder="one group of all"
        tokens={spec.breakdowns ?? []}
        text={group}
        onText={setGroup}
        {...groupOffer}
        error={errorOf('breakdowns')}
        onFocusChange={focus('GROUP BY')}
        onCommit={(text, editing) => {
          const name = text.trim();
          if ((spec.breakdowns ?? []).some((b, i) => b === name && i !== editing)) return true;
          onEdit({ ...spec, breakdowns: put(spec.breakdowns, name, editing) });
          return true;
        }}
        onRemove={(i) => onEdit({ ...spec, breakdowns: without(spec.breakdowns, i) })}
      />
      <TokenInput
        label="ORDER BY"
        placeholder="first calculation, descending"
        tokens={(spec.orders ?? []).map(orderText)}
        text={order}
        onText={setOrder}
        {...orderOffer(spec, order)}
        refusal="ORDER BY takes a calculation of SELECT or a grouped column"
        error={errorOf('orders')}
        onCommit={(text, editing) => {
          const item = parseOrder(text, spec);
          if (!item) return false;
          onEdit({ ...spec, orders: put(spec.orders, item, editing) });
          return true;
        }}
        onTokenClick={(i) =>
          onEdit({
            ...spec,
            orders: spec.orders!.map((o, k) =>
              k === i ? { ...o, order: o.order === 'descending' ? 'ascending' : 'descending' } : o,
            ),
          })
        }
        onRemove={(i) => onEdit({ ...spec, orders: without(spec.orders, i) })}
      />
      <Limit spec={spec} onEdit={onEdit} error={errorOf('limit')} />
      <TokenInput
        label="HAVING"
        placeholder="every group"
        tokens={(spec.havings ?? []).map(havingText)}
        text={having}
        onText={setHaving}
        {...havingOffer(spec, having)}
        refusal="HAVING compares a calculation of SELECT with a number, as COUNT > 100"
        error={errorOf('havings')}
        onCommit={(text, editing) => {
          const item = parseHaving(text, spec);
          if (!item) return false;
          onEdit({ ...spec, havings: put(spec.havings, item, editing) });
          return true;
        }}
        onRemove={(i) => onEdit({ ...spec, havings: without(spec.havings, i) })}
      />
    </section>
  );
}

function Limit({ spec, onEdit, error }: { spec: QuerySpec; onEdit: (spec: QuerySpec) => void; error?: string }) {
  const [text, setText] = useState<string | null>(null);
  const wanted = text === null || text.trim() === '' ? 1 : Number(text);
  const isRefused = !(wanted >= 1 && wanted <= LIMIT_MAX);
  const refusal = error ?? (isRefused ? `LIMIT takes 1 to ${LIMIT_MAX}` : undefined);
  const commit = () => {
    if (text === null) return;
    const limit = text.trim() === '' ? undefined : Math.round(Number(text));
    // What is refused stays to be seen, with the reason.
    if (limit !== undefined && isRefused) return;
    if (limit !== spec.limit) onEdit({ ...spec, limit });
    setText(null);
  };
  return (
    <div className={css.limit} data-clause="LIMIT">
      <label htmlFor="clause-limit">LIMIT</label>
      <input
        id="clause-limit"
        inputMode="numeric"
        placeholder="100 groups"
        title={`Groups returned, at most ${LIMIT_MAX}`}
        aria-invalid={!!refusal}
        value={text ?? (spec.limit === undefined ? '' : String(spec.limit))}
        onChange={(e) => setText(e.target.value.replace(/\D/g, ''))}
        onBlur={commit}
        onKeyDown={(e) => e.key === 'Enter' && commit()}
      />
      {refusal && <span role="alert">{refusal}</span>}
    </div>
  );
}
