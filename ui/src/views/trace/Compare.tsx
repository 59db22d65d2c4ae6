// Two traces on one scale, and what each kind of span cost in one and in the other.
import { ArrowLeft } from 'lucide-react';
import { useMemo, useState } from 'react';
import { durationText, middleCut, numberText } from '../../model/format';
import { idOf, isPart, spansText, type Trace } from '../../model/trace';
import { compareTraces, type Difference } from '../../model/trace-time';
import type { TraceSearch } from '../../model/url-state';
import { CopyButton, Empty, ErrorBox, IconButton, Skeleton } from '../../widgets/basic';
import { Grid, type GridColumn } from '../../widgets/Grid';
import { Link } from '../../widgets/Link';
import { datasetPath, useSetSearch, type Place } from '../../widgets/route';
import { useThemeColours } from '../../widgets/theme';
import { Waterfall } from '../../waterfall/Waterfall';
import css from './trace.module.css';
import { useTrace } from './use-trace';

const COLUMNS: GridColumn[] = [
  { id: 'kind', head: 'Service and name', width: 'minmax(120px, 1fr)' },
  { id: 'count', head: 'spans', title: 'A → B', width: '72px', right: true },
  { id: 'a', head: 'own A', width: '78px', right: true },
  { id: 'b', head: 'own B', width: '78px', right: true },
  { id: 'delta', head: 'B − A', width: '110px', right: true },
];

export function Compare({
  trace,
  other,
  place,
  dataset,
}: {
  trace: Trace;
  other: string;
  place: Place;
  dataset: string;
}) {
  const setSearch = useSetSearch<TraceSearch>();
  const { loaded, reload } = useTrace(place.env, other);
  const back = (
    <IconButton label="End the comparison" onClick={() => setSearch({ compare: undefined })}>
      <ArrowLeft size={16} />
    </IconButton>
  );
  if (loaded?.error) {
    return (
      <div className={css.page}>
        <header className={css.head}>
          {back} <h1>Compare traces</h1>
        </header>
        {loaded.error.status === 404 ? (
          <Empty title={`No spans of trace ${middleCut(other, 20)} were found`} />
        ) : (
          <ErrorBox what="The other trace could not be loaded" error={loaded.error} onRetry={reload} />
        )}
      </div>
    );
  }
  if (!loaded?.trace) return <Skeleton lines={12} />;
  return <Both a={trace} b={loaded.trace} place={place} dataset={dataset} back={back} />;
}

function Both({
  a,
  b,
  place,
  dataset,
  back,
}: {
  a: Trace;
  b: Trace;
  place: Place;
  dataset: string;
  back: React.ReactNode;
}) {
  const differences = useMemo(() => compareTraces(a, b), [a, b]);
  const endNs = Math.max(a.durationNs, b.durationNs);
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const most = Math.max(1, ...differences.map((d) => Math.abs(d.delta)));
  const cell = (d: Difference, column: string) => {
    switch (column) {
      case 'kind':
        return (
          <span title={`${d.service} ${d.name}`}>
            {d.name} <span className={css.faint}>{d.service}</span>
          </span>
        );
      case 'count':
        return `${numberText(d.a?.count ?? 0)} → ${numberText(d.b?.count ?? 0)}`;
      case 'a':
        return d.a ? durationText(Math.round(d.a.self)) : '–';
      case 'b':
        return d.b ? durationText(Math.round(d.b.self)) : '–';
      default:
        return (
          <span className={css.delta}>
            <i data-more={d.delta > 0 || undefined} style={{ width: `${(Math.abs(d.delta) / most) * 40}px` }} />
            {d.delta === 0 ? '0 ms' : `${d.delta > 0 ? '+' : '−'}${durationText(Math.abs(Math.round(d.delta)))}`}
          </span>
        );
    }
  };
  return (
    <div className={css.page} data-testid="compare">
      <header className={css.head}>
        {back}
        <h1>Compare traces</h1>
        <dl className={css.facts}>
          <div>
            <dt>B − A</dt>
            <dd className="num">
              {b.durationNs >= a.durationNs ? '+' : '−'}
              {durationText(Math.abs(b.durationNs - a.durationNs))}
            </dd>
          </div>
        </dl>
      </header>
      <div className={css.compare}>
        <div className={css.both}>
          <Side letter="A" trace={a} endNs={endNs} zoom={zoom} onZoom={setZoom} place={place} dataset={dataset} />
          <Side letter="B" trace={b} endNs={endNs} zoom={zoom} onZoom={setZoom} place={place} dataset={dataset} />
        </div>
        <section className={css.differences} aria-label="Differences">
          <h2>Where the time differs</h2>
          <p className={css.hint}>
            Own time by service and name, the largest difference first.
            {isPart(a) || isPart(b)
              ? ' Only spans that are shown count: of a very large trace a part is compared.'
              : ''}
          </p>
          <Grid
            label="Differences by service and name"
            columns={COLUMNS}
            count={differences.length}
            rowKey={(i) => `${differences[i]!.service} ${differences[i]!.name}`}
            cell={(i, column) => cell(differences[i]!, column)}
          />
        </section>
      </div>
    </div>
  );
}

interface SideProps {
  letter: string;
  trace: Trace;
  endNs: number;
  zoom: [number, number] | null;
  onZoom: (zoom: [number, number] | null) => void;
  place: Place;
  dataset: string;
}
function Side({ letter, trace, endNs, zoom, onZoom, place, dataset }: SideProps) {
  const colours = useThemeColours();
  const [selected, setSelected] = useState(0);
  const colouring = useMemo(() => ({ field: 'service.name', index: trace.service, values: trace.services }), [trace]);
  const span = idOf(trace, selected);
  return (
    <section className={css.side} aria-label={`Trace ${letter}`}>
      <p>
        <b>{letter}</b>
        <Link to={datasetPath(place, dataset, '/trace')} search={{ trace_id: trace.traceId, span: span || undefined }}>
          <code>{middleCut(trace.traceId, 20)}</code>
        </Link>
        <CopyButton compact text={trace.traceId} label={`Copy the id of trace ${letter}`} />
        <span className="num">
          {durationText(trace.durationNs)} · {spansText(trace)} spans · {numberText(trace.errorCount)} errors
        </span>
      </p>
      <Waterfall
        trace={trace}
        colours={colours}
        label={`Waterfall of trace ${letter}, ${trace.count} spans`}
        colouring={colouring}
        columns={[]}
        critical={null}
        repeats={null}
        isErrorLit={false}
        isMapShown={false}
        selected={selected}
        matches={null}
        only={undefined}
        root={-1}
        endNs={endNs}
        zoom={zoom}
        onSelect={setSelected}
        onZoom={onZoom}
      />
    </section>
  );
}
