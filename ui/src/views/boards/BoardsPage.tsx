// The boards of the environment, found by name or tag, and a new one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { LayoutDashboard, LayoutTemplate, Lock, Plus, Search, Star } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { createBoard } from '../../api/calls';
import { markBoard, shelfOptions } from '../../api/manage';
import { boardsOptions } from '../../api/options';
import { boardProblem } from '../../model/board';
import type { BoardsSearch } from '../../model/url-state';
import { Button, Empty, ErrorBox, IconButton, Progress, Skeleton, Tabs } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, useGo, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { TopBar } from '../../widgets/slot';
import css from './boards.module.css';

const SEEN_SHOWN = 5;
const Templates = lazy(() => import('./Templates'));

export default function BoardsPage() {
  const place = usePlace();
  const go = useGo();
  const client = useQueryClient();
  const search = useTypedSearch<BoardsSearch>();
  const setSearch = useSetSearch<BoardsSearch>();
  const [isMaking, setMaking] = useState(false);
  const { data, error, isFetching, refetch } = useQuery(boardsOptions(place.env));
  const shelf = useQuery(shelfOptions(place.env));
  const isFavourite = (id: string) => shelf.data?.starred.includes(id) ?? false;
  const star = useMutation({
    mutationFn: (id: string) => markBoard(place.env, id, { starred: !isFavourite(id) }),
    onSuccess: (next) => client.setQueryData(shelfOptions(place.env).queryKey, next),
  });
  const wanted = (search.find ?? '').toLowerCase();
  const found = (data ?? [])
    .filter((b) => search.show !== 'favourites' || isFavourite(b.id))
    .filter((b) =>
      [b.name, b.description, ...b.tags.map((t) => `${t.key}:${t.value}`)].some((t) =>
        t.toLowerCase().includes(wanted),
      ),
    )
    .sort((a, b) => Number(isFavourite(b.id)) - Number(isFavourite(a.id)) || a.name.localeCompare(b.name));
  const seen = (shelf.data?.viewed ?? [])
    .slice(0, SEEN_SHOWN)
    .flatMap((v) => (data ?? []).find((b) => b.id === v.board) ?? []);
  const tags = [...new Set((data ?? []).flatMap((b) => b.tags.map((t) => `${t.key}:${t.value}`)))].sort();
  const made = (id: string, edit: object) => {
    void client.invalidateQueries({ queryKey: ['boards', place.env] });
    go(environmentPath(place, `/board/${id}`), edit);
  };
  return (
    <div className={css.page}>
      <TopBar>
        <Button icon={<LayoutTemplate size={14} />} onClick={() => setSearch({ template: 'list' })}>
          From a template
        </Button>
        <Button kind="primary" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
          New board
        </Button>
      </TopBar>
      <header className={css.head}>
        <h1>Boards</h1>
        <Tabs
          label="Which boards"
          value={search.show ?? 'all'}
          onChange={(show) => setSearch({ show: show === 'all' ? undefined : show })}
          tabs={[
            { id: 'all', label: 'All' },
            { id: 'favourites', label: 'Favourites' },
          ]}
        />
        <label className={css.find}>
          <Search size={14} aria-hidden />
          <span className="sr">Find a board by name or tag</span>
          <input
            placeholder="Find by name or tag"
            value={search.find ?? ''}
            onChange={(e) => setSearch({ find: e.target.value || undefined }, { replace: true })}
          />
        </label>
      </header>
      {tags.length > 0 && (
        <p className={css.tags}>
          <span className="sr">Tags</span>
          {tags.map((tag) => (
            <button
              key={tag}
              type="button"
              aria-pressed={search.find === tag}
              onClick={() => setSearch({ find: search.find === tag ? undefined : tag })}
            >
              {tag}
            </button>
          ))}
        </p>
      )}
      {seen.length > 0 && search.show === undefined && wanted === '' && (
        <p className={css.seen}>
          Seen last
          {seen.map((b) => (
            <Link key={b.id} to={environmentPath(place, `/board/${b.id}`)}>
              {b.name}
            </Link>
          ))}
        </p>
      )}
      <Progress active={isFetching} />
      {error && <ErrorBox what="The boards could not be loaded" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.length === 0 && (
        <Empty title="No boards yet" icon={<LayoutDashboard size={24} />}>
          <p>
            A board shows several queries at once. Begin with a template, or add a query to one from the query page.
          </p>
          <Button onClick={() => setSearch({ template: 'list' })}>From a template</Button>
        </Empty>
      )}
      {data && data.length > 0 && found.length === 0 && (
        <Empty title={wanted === '' ? 'No favourites yet' : `No board matches “${search.find}”`}>
          {wanted === '' ? (
            'The star beside a board makes it one.'
          ) : (
            <Button onClick={() => setSearch({ find: undefined })}>Clear the search</Button>
          )}
        </Empty>
      )}
      <ul className={css.list}>
        {found.map((board) => (
          <li key={board.id}>
            <Link to={environmentPath(place, `/board/${board.id}`)}>
              <strong>{board.name}</strong>
              {board.description && <span>{board.description}</span>}
              <small>
                {board.panels.length} {board.panels.length === 1 ? 'panel' : 'panels'}
                {board.sharing?.kind === 'limited' && (
                  <em>
                    <Lock size={12} aria-hidden /> limited
                  </em>
                )}
                {board.tags.map((t) => (
                  <code key={t.key}>
                    {t.key}:{t.value}
                  </code>
                ))}
              </small>
            </Link>
            <IconButton
              label={isFavourite(board.id) ? `${board.name} is a favourite` : `Make ${board.name} a favourite`}
              aria-pressed={isFavourite(board.id)}
              className={css.star}
              onClick={() => star.mutate(board.id)}
            >
              <Star size={14} />
            </IconButton>
          </li>
        ))}
      </ul>
      {isMaking && (
        <NewBoard env={place.env} onClose={() => setMaking(false)} onMade={(id) => made(id, { edit: '1' })} />
      )}
      {search.template && (
        <Suspense fallback={null}>
          <Templates
            place={place}
            id={search.template}
            dataset={search.dataset ?? '__all__'}
            onTemplate={(template) => setSearch({ template })}
            onDataset={(dataset) => setSearch({ dataset: dataset === '__all__' ? undefined : dataset })}
            onClose={() => setSearch({ template: undefined, dataset: undefined })}
            onMade={(id) => made(id, {})}
          />
        </Suspense>
      )}
    </div>
  );
}
function NewBoard({ env, onClose, onMade }: { env: string; onClose: () => void; onMade: (id: string) => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const make = useMutation({
    mutationFn: () => createBoard(env, { name: name.trim(), description: description.trim() }),
    onSuccess: (board) => onMade(board.id),
  });
  // A name that is not written yet is no mistake.
  const problem = name.trim() === '' ? null : boardProblem({ name, description });
  return (
    <DialogBox title="New board" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim() && !problem) make.mutate();
        }}
      >
        <label>
          Name
          <input autoFocus value={name} onChange={(e) => setName(e.target.value)} />
        </label>
        <label>
          Description
          <input value={description} onChange={(e) => setDescription(e.target.value)} />
        </label>
        {problem && (
          <p role="alert" className={css.wrong}>
            {problem}
          </p>
        )}
        {make.error && <ErrorBox what="The board could not be made" error={make.error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!name.trim() || problem !== null || make.isPending}>
            Make board
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
