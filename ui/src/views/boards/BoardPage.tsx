// One board: its panels under one time and one set of filters; arranged by dragging or by keys; kept up to date, also full screen.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Check,
  ChevronDown,
  Copy,
  Expand,
  Link2,
  MoreHorizontal,
  Pencil,
  Plus,
  RefreshCw,
  Star,
  Trash2,
  Type,
  Users,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { createBoard, deleteBoard, saveBoard, shareBoard, type Board, type NewBoard } from '../../api/calls';
import { markBoard, shelfOptions, type Sharing } from '../../api/manage';
import { boardOptions, namesOptions } from '../../api/options';
import {
  boardProblem,
  nextPlace,
  readTags,
  tagsText,
  TEXT_MAX,
  tooLong,
  withPosition,
  type Position,
} from '../../model/board';
import { PRESETS, rangeText } from '../../model/time-range';
import type { BoardSearch } from '../../model/url-state';
import { Button, copyText, Empty, ErrorBox, IconButton, Skeleton } from '../../widgets/basic';
import { DialogBox, DropMenu } from '../../widgets/popup';
import { useUtc } from '../../widgets/prefs';
import { datasetPath, environmentPath, useGo, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { TopBar } from '../../widgets/slot';
import { BoardFilters } from './BoardFilters';
import css from './boards.module.css';
import { PanelFrame } from './PanelFrame';
import type { Panel } from './panels';
import { ShareDialog } from './ShareDialog';

const REFRESHES = [60, 300, 900];

export default function BoardPage() {
  const place = usePlace() as ReturnType<typeof usePlace> & { board: string };
  const search = useTypedSearch<BoardSearch>();
  const { data, error, refetch } = useQuery(boardOptions(place.env, place.board));
  if (error) return <ErrorBox what="The board could not be loaded" error={error} onRetry={() => void refetch()} />;
  if (!data)
    return (
      <div className={css.page}>
        <Skeleton lines={8} />
      </div>
    );
  return <Shown key={data.id} board={data} env={place.env} search={search} />;
}

function Shown({ board, env, search }: { board: Board; env: string; search: BoardSearch }) {
  const place = usePlace();
  const go = useGo();
  const utc = useUtc();
  const client = useQueryClient();
  const setSearch = useSetSearch<BoardSearch>();
  const root = useRef<HTMLDivElement>(null);
  const names = useQuery(namesOptions(env, '__all__'));
  const [draft, setDraft] = useState<Board | null>(search.edit ? board : null);
  const [writing, setWriting] = useState<number | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  const [tags, setTags] = useState(() => tagsText(board.tags));
  const [isCopied, setCopied] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const shelf = useQuery(shelfOptions(env));
  const isFavourite = shelf.data?.starred.includes(board.id) ?? false;
  const mark = useMutation({
    mutationFn: (change: { starred?: boolean; viewed?: boolean }) => markBoard(env, board.id, change),
    // An answer that is under way is from before.
    onMutate: () => client.cancelQueries(shelfOptions(env)),
    onSuccess: (next) => client.setQueryData(shelfOptions(env).queryKey, next),
    onError: () => client.invalidateQueries(shelfOptions(env)),
  });
  const note = mark.mutate;
  useEffect(() => note({ viewed: true }), [note]);
  const read = readTags(tags);
  const problem = draft && (boardProblem(draft) ?? (typeof read === 'string' ? read : null));
  const shown = draft ?? board;
  const positions = shown.panels.map((p) => p.position);
  const rows = positions.reduce((most, p) => Math.max(most, p.y_coordinate + p.height), 1);

  const forget = () => client.invalidateQueries({ queryKey: ['boards', env] });
  const took = (saved: Board) => {
    client.setQueryData(boardOptions(env, board.id).queryKey, saved);
    void forget();
  };
  const save = useMutation({
    mutationFn: (next: Board) => saveBoard(env, board.id, next),
    onSuccess: (saved) => {
      took(saved);
      setDraft(null);
      setSearch({ edit: undefined }, { replace: true });
    },
  });
  const share = useMutation({
    mutationFn: (sharing: Sharing) => shareBoard(env, board.id, sharing),
    onSuccess: (saved) => {
      took(saved);
      setSharing(false);
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteBoard(env, board.id),
    onSuccess: () => {
      void forget();
      go(environmentPath(place, '/boards'));
    },
  });
  const clone = useMutation({
    mutationFn: () => createBoard(env, { ...board, name: `${board.name.slice(0, 245)} (copy)` } as NewBoard),
    onSuccess: (made) => {
      void forget();
      go(environmentPath(place, `/board/${made.id}`));
    },
  });
  const change = (panels: Panel[]) => setDraft({ ...shown, panels });
  const move = (index: number, to: Position) => {
    const next = withPosition(positions, index, to);
    change(shown.panels.map((p, i) => ({ ...p, position: next[i]! })));
  };
  const addText = () => {
    const position = nextPlace(shown.panels, 12, 2);
    change([...shown.panels, { type: 'text', position, text_panel: { content: '' } }]);
    setWriting(shown.panels.length);
  };
  const zoom = (start: number, end: number) =>
    setSearch({
      start_time: Math.floor(start),
      end_time: Math.max(Math.floor(start) + 1, Math.ceil(end)),
      time_range: undefined,
    });
  const range =
    search.start_time !== undefined || search.time_range !== undefined
      ? rangeText({ time_range: search.time_range, start_time: search.start_time, end_time: search.end_time }, utc)
      : 'Each panel’s own time';

  return (
    <div className={css.board} ref={root}>
      <TopBar>
        <DropMenu
          align="end"
          trigger={
            <Button data-testid="board-time">
              <span className="num">{range}</span>
              <ChevronDown size={14} />
            </Button>
          }
          list={[
            {
              id: 'own',
              label: 'Each panel’s own time',
              onSelect: () => setSearch({ time_range: undefined, start_time: undefined, end_time: undefined }),
            },
            null,
            ...PRESETS.map((p) => ({
              id: String(p.seconds),
              label: `Last ${p.label}`,
              onSelect: () => setSearch({ time_range: p.seconds, start_time: undefined, end_time: undefined }),
            })),
          ]}
        />
        <DropMenu
          align="end"
          trigger={
            <Button kind="plain" icon={<RefreshCw size={14} />} title="How often the panels ask again">
              {search.refresh ? `${search.refresh / 60} min` : 'Refresh'}
            </Button>
          }
          list={[
            {
              id: 'now',
              label: 'Now',
              onSelect: () => void client.invalidateQueries({ queryKey: ['peek', env] }),
            },
            null,
            { id: 'off', label: 'Never by itself', onSelect: () => setSearch({ refresh: undefined }) },
            ...REFRESHES.map((seconds) => ({
              id: String(seconds),
              label: `Every ${seconds / 60} min`,
              detail: search.refresh === seconds ? <Check size={14} /> : undefined,
              onSelect: () => setSearch({ refresh: seconds }),
            })),
          ]}
        />
        {draft ? (
          <>
            <Button
              onClick={() => {
                setDraft(null);
                setSearch({ edit: undefined }, { replace: true });
              }}
            >
              Cancel
            </Button>
            <Button
              kind="primary"
              onClick={() => typeof read !== 'string' && save.mutate({ ...draft, tags: read })}
              disabled={save.isPending || problem !== null}
            >
              Save board
            </Button>
          </>
        ) : (
          <>
            <IconButton
              label={isFavourite ? 'A favourite' : 'Make it a favourite'}
              aria-pressed={isFavourite}
              className={css.star}
              onClick={() => mark.mutate({ starred: !isFavourite })}
            >
              <Star size={16} />
            </IconButton>
            <IconButton
              label={isCopied ? 'Copied' : 'Copy a link to this board as it is'}
              onClick={() => void copyText(location.href).then(() => setCopied(true))}
              onBlur={() => setCopied(false)}
            >
              {isCopied ? <Check size={16} /> : <Link2 size={16} />}
            </IconButton>
            <IconButton label="Full screen" onClick={() => void root.current?.requestFullscreen()}>
              <Expand size={16} />
            </IconButton>
            <Button
              icon={<Pencil size={14} />}
              onClick={() => {
                setDraft(board);
                setTags(tagsText(board.tags));
              }}
            >
              Edit
            </Button>
            <DropMenu
              align="end"
              trigger={
                <IconButton label="More">
                  <MoreHorizontal size={16} />
                </IconButton>
              }
              list={[
                { id: 'clone', label: 'Copy this board', icon: <Copy size={14} />, onSelect: () => clone.mutate() },
                ...(board.sharing?.can_change
                  ? [
                      {
                        id: 'sharing',
                        label: 'Who sees this board',
                        icon: <Users size={14} />,
                        onSelect: () => setSharing(true),
                      },
                    ]
                  : []),
                {
                  id: 'delete',
                  label: 'Delete this board',
                  icon: <Trash2 size={14} />,
                  onSelect: () => setDeleting(true),
                },
              ]}
            />
          </>
        )}
      </TopBar>
      <header className={css.boardHead}>
        {draft ? (
          <>
            <input
              className={css.title}
              aria-label="Name of the board"
              value={draft.name}
              onChange={(e) => setDraft({ ...draft, name: e.target.value })}
            />
            <input
              className={css.description}
              aria-label="Description of the board"
              placeholder="Description"
              value={draft.description}
              onChange={(e) => setDraft({ ...draft, description: e.target.value })}
            />
            <input
              className={css.tagsInput}
              aria-label="Tags of the board"
              aria-invalid={typeof read === 'string' || undefined}
              placeholder="Tags, for example team:shop"
              value={tags}
              spellCheck={false}
              onChange={(e) => setTags(e.target.value)}
            />
            <Button icon={<Type size={14} />} onClick={addText}>
              Add text
            </Button>
            <Button icon={<Plus size={14} />} onClick={() => go(datasetPath(place, '__all__'))}>
              Add a query from the query page
            </Button>
          </>
        ) : (
          <>
            <h1>{board.name}</h1>
            {board.description && <p>{board.description}</p>}
            {board.tags.map((t) => (
              <code key={t.key} className={css.tag}>
                {t.key}:{t.value}
              </code>
            ))}
          </>
        )}
      </header>
      {problem && (
        <p role="alert" className={css.wrong}>
          {problem}
        </p>
      )}
      {save.error && <ErrorBox what="The board could not be saved" error={save.error} />}
      <BoardFilters
        env={env}
        board={shown}
        search={search}
        onFilters={(filters) => setSearch({ filters: filters.length > 0 ? filters : undefined })}
        onPresets={draft ? (preset_filters) => setDraft({ ...draft, preset_filters }) : undefined}
      />
      {shown.panels.length === 0 && (
        <Empty title="This board has no panels yet">
          <p>Run a query and choose “Add to a board” in its menu, or press s there.</p>
          <Button onClick={() => go(datasetPath(place, '__all__'))}>Go to the query page</Button>
        </Empty>
      )}
      <div className={css.grid} data-editing={draft ? '' : undefined} style={{ '--rows': rows } as React.CSSProperties}>
        {shown.panels.map((panel, i) => (
          <PanelFrame
            key={`${panel.query_panel?.query_annotation_id ?? panel.slo_panel?.slo_id ?? panel.type}-${i}`}
            env={env}
            panel={panel}
            name={names.data?.find((n) => n.id === panel.query_panel?.query_annotation_id)?.name}
            search={search}
            isEditing={draft !== null}
            onMove={(to) => move(i, to)}
            onChange={(next) => change(shown.panels.map((p, k) => (k === i ? next : p)))}
            onRemove={() => change(shown.panels.filter((_, k) => k !== i))}
            onWrite={() => setWriting(i)}
            onZoom={zoom}
          />
        ))}
      </div>
      {writing !== null && draft && (
        <TextDialog
          text={draft.panels[writing]?.text_panel?.content ?? ''}
          onClose={() => setWriting(null)}
          onText={(content) => {
            change(draft.panels.map((p, i) => (i === writing ? { ...p, text_panel: { content } } : p)));
            setWriting(null);
          }}
        />
      )}
      {isSharing && (
        <ShareDialog
          env={env}
          sharing={board.sharing}
          error={share.error}
          onClose={() => setSharing(false)}
          onShare={share.mutate}
        />
      )}
      {isDeleting && (
        <DialogBox title="Delete this board?" open onOpenChange={setDeleting}>
          <div className={css.form}>
            <p>“{board.name}” and its views go. The queries of its panels stay in the history.</p>
            {remove.error && <ErrorBox what="It could not be deleted" error={remove.error} />}
            <footer>
              <Button onClick={() => setDeleting(false)}>Keep it</Button>
              <Button kind="primary" onClick={() => remove.mutate()}>
                Delete board
              </Button>
            </footer>
          </div>
        </DialogBox>
      )}
    </div>
  );
}

function TextDialog({ text, onClose, onText }: { text: string; onClose: () => void; onText: (text: string) => void }) {
  const [value, setValue] = useState(text);
  const problem = tooLong('The text', value, TEXT_MAX);
  return (
    <DialogBox title="Text" open onOpenChange={(open) => !open && onClose()} wide>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (value.trim() && !problem) onText(value);
        }}
      >
        <label>
          Markdown: # heading, - list, **bold**, `code`, [link](https://…)
          <textarea autoFocus rows={12} value={value} onChange={(e) => setValue(e.target.value)} />
        </label>
        {problem && (
          <p role="alert" className={css.wrong}>
            {problem}
          </p>
        )}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!value.trim() || problem !== null}>
            Take it
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
