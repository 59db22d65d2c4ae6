// Goes anywhere from the keyboard: pages, datasets, boards, columns, kept queries, a trace by its id, and what the keys of this page do.
// Loaded when it is first opened.
import { useQuery } from '@tanstack/react-query';
import { Hash, CornerDownLeft, Database, LayoutDashboard, Search, Star, Waypoints, Zap } from 'lucide-react';
import { useDeferredValue, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { boardsOptions, columnsOptions, datasetsOptions, historyOptions } from '../../api/options';
import { rankCommands, traceIdIn, type Command } from '../../model/command';
import { agoText, numberText } from '../../model/format';
import { keyLabel, keysOf } from '../../model/keys';
import { queryText } from '../../model/query-text';
import { Kbd } from '../../widgets/basic';
import { DialogLayer } from '../../widgets/popup';
import { datasetPath, environmentPath, useGo, type Place } from '../../widgets/route';
import { liveBindings, runBinding } from '../../widgets/use-keys';
import type { Screen } from '..';
import css from './palette.module.css';

const SHOWN_EACH = 6;
const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

interface Entry extends Command {
  icon: ReactNode;
  run: () => void;
}
interface Props {
  place: Place;
  screens: readonly Screen[];
  queryPath: string;
  onClose: () => void;
}

export default function CommandPalette({ place, screens, queryPath, onClose }: Props) {
  const id = useId();
  const go = useGo();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const [picked, setPicked] = useState(0);
  const [openedAt] = useState(() => Date.now());
  const wanted = useDeferredValue(typed.trim());
  const { env } = place;
  const scope = place.dataset ?? '__all__';
  const datasets = useQuery(datasetsOptions(env));
  const boards = useQuery(boardsOptions(env));
  const columns = useQuery({ ...columnsOptions(env, scope, wanted, SHOWN_EACH), enabled: wanted !== '' });
  const named = useQuery({ ...historyOptions(env, { name: wanted, limit: 20 }), enabled: wanted !== '' });
  const recent = useQuery(historyOptions(env, { mine: true, limit: 20 }));
  // What the keys of this page do, as it was when the palette opened; itself is not among them, nor what needs to know which key.
  const [actions] = useState(() =>
    liveBindings().filter((b) => !b.id.startsWith('go-') && !['palette', 'close', 'clause'].includes(b.id)),
  );

  const entries = useMemo<Entry[]>(() => {
    const pages = screens.flatMap((s): Entry[] => {
      if (!s.nav) return [];
      const Icon = s.nav.icon;
      const path = s.id === 'query' ? queryPath : environmentPath(place, s.path);
      const keys = keysOf(`go-${s.id === 'send-data' ? 'send' : s.id}`);
      return [
        { id: `page ${s.id}`, group: 'Pages', label: s.nav.label, keys, icon: <Icon size={14} />, run: () => go(path) },
      ];
    });
    const sets = (datasets.data ?? []).map((d): Entry => ({
      id: `dataset ${d.slug}`,
      group: 'Datasets',
      label: d.name,
      detail: `${numberText(d.event_count)} events`,
      icon: <Database size={14} />,
      run: () => go(datasetPath(place, d.slug)),
    }));
    const kept = (boards.data ?? []).map((b): Entry => ({
      id: `board ${b.id}`,
      group: 'Boards',
      label: b.name,
      detail: b.description,
      icon: <LayoutDashboard size={14} />,
      run: () => go(environmentPath(place, `/board/${b.id}`)),
    }));
    const fields =
      wanted === ''
        ? []
        : (columns.data?.columns ?? []).map((c): Entry => ({
            id: `column ${c.key_name}`,
            group: 'Columns',
            label: c.key_name,
            detail: `${c.type} · count by it`,
            icon: <Hash size={14} />,
            run: () =>
              go(datasetPath(place, scope), { query: { calculations: [{ op: 'COUNT' }], breakdowns: [c.key_name] } }),
          }));
    const seen = new Set<string>();
    const queries = [...(wanted === '' ? [] : (named.data?.runs ?? [])), ...(recent.data?.runs ?? [])].flatMap(
      (run): Entry[] => {
        const name = run.names.at(-1);
        const text = queryText(run.query);
        // Those that read alike are one entry, of the newest: nobody could tell them apart.
        const key = `${run.dataset} ${name ?? text}`;
        if (seen.has(key) || !run.dataset) return [];
        seen.add(key);
        const where = run.dataset === '__all__' ? 'all datasets' : run.dataset;
        return [
          {
            id: `query ${run.query_id}`,
            group: name ? 'Saved queries' : 'Recent queries',
            label: name ?? text,
            detail: `${where} · ${agoText(Date.parse(run.asked_at), openedAt)}`,
            icon: name ? <Star size={14} /> : <Search size={14} />,
            run: () => go(datasetPath(place, run.dataset!), { query: run.query }),
          },
        ];
      },
    );
    const does = actions.map((b): Entry => ({
      id: `action ${b.id}`,
      group: 'Actions',
      label: b.action.charAt(0).toUpperCase() + b.action.slice(1),
      keys: b.keys,
      icon: <Zap size={14} />,
      run: () => runBinding(b.id),
    }));
    return [...pages, ...sets, ...kept, ...fields, ...queries, ...does];
  }, [
    screens,
    place,
    queryPath,
    go,
    datasets.data,
    boards.data,
    columns.data,
    named.data,
    recent.data,
    actions,
    wanted,
    scope,
    openedAt,
  ]);

  const shown = useMemo(() => {
    const trace = traceIdIn(wanted);
    const list = rankCommands(entries, trace ? '' : wanted, SHOWN_EACH);
    if (!trace) return list;
    const open: Entry = {
      id: 'trace',
      group: 'Trace',
      label: `Open trace ${trace}`,
      icon: <Waypoints size={14} />,
      run: () => go(environmentPath(place, '/trace'), { trace_id: trace }),
    };
    return [open];
  }, [entries, wanted, go, place]);
  const active = Math.min(picked, shown.length - 1);

  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    // After the dialog has given the focus back, or what is opened would lose it.
    requestAnimationFrame(entry.run);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step && shown.length > 0) {
      const next = (active + step + shown.length) % shown.length;
      setPicked(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (e.key === 'Enter') choose(shown[active]);
    else return;
    e.preventDefault();
  };
  return (
    <DialogLayer label="Go to" focus={input} className={css.palette} onClose={onClose}>
      <label className={css.find} data-testid="palette">
        <Search size={16} aria-hidden />
        <input
          ref={input}
          role="combobox"
          aria-label="Go to a page, dataset, board, column, query or trace"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown.length > 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          placeholder="Page, dataset, board, column, query, trace id"
          value={typed}
          spellCheck={false}
          autoComplete="off"
          onChange={(e) => {
            setTyped(e.target.value);
            setPicked(0);
          }}
          onKeyDown={onKeyDown}
        />
        <Kbd>Esc</Kbd>
      </label>
      <div role="listbox" id={`${id}-list`} aria-label="Commands" className={css.list}>
        {shown.map((entry, i) => (
          <div key={entry.id} role="presentation">
            {entry.group !== shown[i - 1]?.group && (
              <div role="presentation" className={css.group}>
                {entry.group}
              </div>
            )}
            <div
              role="option"
              id={`${id}-${i}`}
              aria-selected={i === active}
              className={css.option}
              data-command={entry.id}
              onMouseMove={() => setPicked(i)}
              onClick={() => choose(entry)}
            >
              <span className={css.icon}>{entry.icon}</span>
              <span className={css.label} title={entry.label}>
                {entry.label}
              </span>
              {entry.detail && <span className={css.detail}>{entry.detail}</span>}
              {entry.keys?.[0] && (
                <span className={css.keys}>
                  {entry.keys[0].split(/(?<=.)\+(?=.)| /).map((part) => (
                    <Kbd key={part}>{keyLabel(part, isMac)}</Kbd>
                  ))}
                </span>
              )}
              {i === active && !entry.keys?.[0] && <CornerDownLeft size={14} aria-hidden className={css.enter} />}
            </div>
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p className={css.none} role="status">
          Nothing here is called “{typed}”. A trace is found by its whole id.
        </p>
      )}
    </DialogLayer>
  );
}
