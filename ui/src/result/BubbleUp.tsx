// BubbleUp's answer: a card per field, the most telling first; each value with its share of the selection and of the baseline.
import { ChevronDown, MoreHorizontal, Search } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState, type MouseEvent } from 'react';
import {
  binText,
  fieldSummary,
  shareOf,
  shareText,
  type BubbleAnswer,
  type BubbleBin,
  type BubbleField,
  type BubbleValue,
} from '../model/bubble-up';
import { axisTexts, countText, numberText, valueText } from '../model/format';
import { Button, IconButton, Tabs } from '../widgets/basic';
import css from './bubble-up.module.css';

export interface BubblePick {
  field: BubbleField;
  value?: BubbleValue;
  bin?: BubbleBin;
  x: number;
  y: number;
}
interface Props {
  answer: BubbleAnswer;
  /** What is compared, in words. */
  what: string;
  onPick: (pick: BubblePick) => void;
}
const CARDS_AT_ONCE = 36;
const VALUES_SHOWN = 5;
type Kind = 'all' | 'dimension' | 'measure';

export function BubbleUp({ answer, what, onPick }: Props) {
  const [find, setFind] = useState('');
  const [kind, setKind] = useState<Kind>('all');
  const [count, setCount] = useState(CARDS_AT_ONCE);
  const wanted = find.trim().toLowerCase();
  const found = useMemo(
    () =>
      answer.fields.filter(
        (f) =>
          (kind === 'all' || (kind === 'measure') === (f.kind === 'measure')) &&
          (wanted === '' || f.column.toLowerCase().includes(wanted)),
      ),
    [answer, kind, wanted],
  );
  const measures = found.filter((f) => f.kind === 'measure');
  const dimensions = found.filter((f) => f.kind !== 'measure');
  const groups = [
    { id: 'dimension', title: 'Dimensions', fields: dimensions },
    { id: 'measure', title: 'Measures', fields: measures },
    // The group that holds the most telling field stands first.
  ].sort((a, b) => Number(b.fields[0] === found[0]) - Number(a.fields[0] === found[0]));
  const best = answer.fields[0];
  return (
    <div className={css.bubble} data-testid="bubble-up">
      <header className={css.head}>
        <dl className={css.sides}>
          <div>
            <dt>
              <i className={css.baselineMark} /> Baseline
            </dt>
            <dd className="num" data-testid="baseline-count">
              {countText(answer.baseline_count, 'event')}
            </dd>
          </div>
          <div>
            <dt>
              <i className={css.selectionMark} /> Selection
            </dt>
            <dd className="num" data-testid="selection-count">
              {countText(answer.selection_count, 'event')}
            </dd>
          </div>
        </dl>
        <p className={css.what}>{what}</p>
        <Tabs
          label="Kinds of fields"
          value={kind}
          onChange={setKind}
          tabs={[
            { id: 'all', label: `All ${answer.fields.length}` },
            { id: 'dimension', label: 'Dimensions' },
            { id: 'measure', label: 'Measures' },
          ]}
        />
        <label className={css.find}>
          <Search size={14} aria-hidden />
          <span className="sr">Find a field</span>
          <input placeholder="Find a field" value={find} onChange={(e) => setFind(e.target.value)} spellCheck={false} />
        </label>
      </header>
      {best && best.score > 0 && (
        <p className="sr" role="status">
          Most telling: {fieldSummary(best, answer)}
        </p>
      )}
      {found.length === 0 && <p className={css.none}>No field is called “{find}”.</p>}
      {groups.map(
        (group) =>
          group.fields.length > 0 && (
            <section key={group.id} aria-label={group.title}>
              <h3>
                {group.title} <span>{group.fields.length}</span>
              </h3>
              <div className={css.cards}>
                {group.fields.slice(0, count).map((field) => (
                  <Card key={field.column} field={field} answer={answer} onPick={onPick} />
                ))}
              </div>
              {group.fields.length > count && (
                <More left={group.fields.length - count} onMore={() => setCount(count + 2 * CARDS_AT_ONCE)} />
              )}
            </section>
          ),
      )}
      {answer.columns_left_out > 0 && (
        <p className={css.none}>{answer.columns_left_out} rare columns were not compared.</p>
      )}
    </div>
  );
}

/** Draws further cards when one scrolls to where they begin. */
function More({ left, onMore }: { left: number; onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: '400px',
    });
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, [left]);
  return (
    <div ref={end}>
      <Button kind="plain" icon={<ChevronDown size={14} />} onClick={onMore}>
        {left} less telling fields
      </Button>
    </div>
  );
}

function Card({ field, answer, onPick }: { field: BubbleField; answer: BubbleAnswer; onPick: Props['onPick'] }) {
  const pick = (e: MouseEvent<Element>, what: { value?: BubbleValue; bin?: BubbleBin }) => {
    const rect = e.currentTarget.getBoundingClientRect();
    onPick({ field, ...what, x: e.clientX || rect.left + 24, y: e.clientY || rect.bottom });
  };
  return (
    <article className={css.card} data-field={field.column} data-score={field.score}>
      <header>
        <h4 className="mono" title={field.column}>
          {field.column}
        </h4>
        <meter
          className={css.score}
          min={0}
          max={1}
          value={field.score}
          title={`difference ${shareText(field.score)}`}
          aria-label={`Difference of ${field.column}`}
        />
        <IconButton label={`Actions for ${field.column}`} onClick={(e) => pick(e, {})}>
          <MoreHorizontal size={14} />
        </IconButton>
      </header>
      {field.kind === 'dimension' && <Values field={field} answer={answer} onPick={pick} />}
      {field.kind === 'measure' && <Histogram field={field} answer={answer} onPick={pick} />}
      {field.kind === 'unique' && <p className={css.note}>Every event has a value of its own.</p>}
      {field.kind === 'too_many_values' && <p className={css.note}>Too many different values to compare.</p>}
    </article>
  );
}
type Pick = (e: MouseEvent<Element>, what: { value?: BubbleValue; bin?: BubbleBin }) => void;

function Values({ field, answer, onPick }: { field: BubbleField; answer: BubbleAnswer; onPick: Pick }) {
  const [isAll, setAll] = useState(false);
  const values = field.values ?? [];
  const shares = values.map((v) => ({
    value: v,
    selection: shareOf(v.selection_count, answer.selection_count),
    baseline: shareOf(v.baseline_count, answer.baseline_count),
  }));
  const max = Math.max(...shares.flatMap((s) => [s.selection, s.baseline]), 0) || 1;
  const shown = isAll ? shares : shares.slice(0, VALUES_SHOWN);
  return (
    <ul className={css.values}>
      {shown.map(({ value, selection, baseline }, i) => (
        <li key={i}>
          <button
            type="button"
            onClick={(e) => onPick(e, { value })}
            title={`${valueText(value.value)}\nselection ${shareText(selection)} (${numberText(value.selection_count)})\nbaseline ${shareText(baseline)} (${numberText(value.baseline_count)})`}
            data-value={valueText(value.value)}
          >
            <span className={value.value === null ? css.missing : css.value}>
              {value.value === null ? 'no value' : value.value === '' ? '(empty text)' : valueText(value.value)}
            </span>
            <span className={`num ${css.share}`}>{shareText(baseline)}</span>
            <i className={css.left}>
              <b style={{ width: `${(baseline / max) * 100}%` }} />
            </i>
            <i className={css.right}>
              <b style={{ width: `${(selection / max) * 100}%` }} />
            </i>
            <span className={`num ${css.share} ${css.selectionShare}`}>{shareText(selection)}</span>
          </button>
        </li>
      ))}
      {(values.length > VALUES_SHOWN || field.other) && (
        <li className={css.rest}>
          {values.length > VALUES_SHOWN && (
            <button type="button" onClick={() => setAll(!isAll)}>
              {isAll ? 'fewer' : `${values.length - VALUES_SHOWN} more`}
            </button>
          )}
          {field.other && <span>{numberText(field.other.value_count)} rarer values</span>}
        </li>
      )}
    </ul>
  );
}

function Histogram({ field, answer, onPick }: { field: BubbleField; answer: BubbleAnswer; onPick: Pick }) {
  const id = useId();
  const bins = field.bins ?? [];
  const shares = bins.map((bin) => ({
    bin,
    selection: shareOf(bin.selection_count, answer.selection_count),
    baseline: shareOf(bin.baseline_count, answer.baseline_count),
  }));
  const max = Math.max(...shares.flatMap((s) => [s.selection, s.baseline]), 0) || 1;
  const first = bins[0];
  const last = bins[bins.length - 1];
  if (!first || !last) return <p className={css.note}>No numbers.</p>;
  return (
    <div className={css.histogram}>
      <svg
        viewBox={`0 0 ${bins.length * 10} 60`}
        preserveAspectRatio="none"
        role="img"
        aria-label={fieldSummary(field, answer)}
      >
        <defs>
          <pattern id={id} width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="1.8" height="3" className={css.selectionFill} />
          </pattern>
        </defs>
        {shares.map(({ bin, selection, baseline }, i) => (
          <g key={i} onClick={(e) => onPick(e, { bin })} className={css.bin}>
            <rect x={i * 10} y={0} width={10} height={60} className={css.hit} />
            <rect
              x={i * 10 + 0.5}
              y={60 - (baseline / max) * 58}
              width={4.2}
              height={(baseline / max) * 58}
              className={css.baselineFill}
            />
            <rect
              x={i * 10 + 5}
              y={60 - (selection / max) * 58}
              width={4.2}
              height={(selection / max) * 58}
              fill={`url(#${id})`}
            />
            <title>{`${binText(field.column, bin)}\nselection ${shareText(selection)} (${numberText(bin.selection_count)})\nbaseline ${shareText(baseline)} (${numberText(bin.baseline_count)})`}</title>
          </g>
        ))}
      </svg>
      <p className="num">
        {axisTexts(field.column, [first.low, last.high], 4).map((text, i) => (
          <span key={i}>{text}</span>
        ))}
      </p>
    </div>
  );
}
