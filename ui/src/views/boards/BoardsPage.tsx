// The boards of the environment, found by name or tag, and a new one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { LayoutDashboard, Plus, Search } from 'lucide-react';
import { useState } from 'react';
import { createBoard } from '../../api/calls';
import { boardsOptions } from '../../api/options';
import { Button, Empty, ErrorBox, Progress, Skeleton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, useGo, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { TopBar } from '../../widgets/slot';
import css from './boards.module.css';

export default function BoardsPage() {
  const place = usePlace();
  const go = useGo();
  const client = useQueryClient();
  const search = useTypedSearch<{ find?: string }>();
  const setSearch = useSetSearch<{ find?: string }>();
  const [isMaking, setMaking] = useState(false);
  const { data, error, isFetching, refetch } = useQuery(boardsOptions(place.env));
  const wanted = (search.find ?? '').toLowerCase();
  const found = (data ?? [])
    .filter((b) =>
      [b.name, b.description, ...b.tags.map((t) => `${t.key}:${t.value}`)].some((t) =>
        t.toLowerCase().includes(wanted),
      ),
    )
    .sort((a, b) => a.name.localeCompare(b.name));
  return (
    <div className={css.page}>
      <TopBar>
        <Button kind="primary" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
          New board
        </Button>
      </TopBar>
      <header className={css.head}>
        <h1>Boards</h1>
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
      <Progress active={isFetching} />
      {error && <ErrorBox what="The boards could not be loaded" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.length === 0 && (
        <Empty title="No boards yet" icon={<LayoutDashboard size={24} />}>
          <p>A board shows several queries at once. Make one here, or add a query to one from the query page.</p>
          <Button onClick={() => setMaking(true)}>New board</Button>
        </Empty>
      )}
      {data && data.length > 0 && found.length === 0 && <Empty title={`No board matches “${search.find}”`} />}
      <ul className={css.list}>
        {found.map((board) => (
          <li key={board.id}>
            <Link to={environmentPath(place, `/board/${board.id}`)}>
              <strong>{board.name}</strong>
              {board.description && <span>{board.description}</span>}
              <small>
                {board.panels.length} {board.panels.length === 1 ? 'panel' : 'panels'}
                {board.tags.map((t) => (
                  <code key={t.key}>
                    {t.key}:{t.value}
                  </code>
                ))}
              </small>
            </Link>
          </li>
        ))}
      </ul>
      {isMaking && (
        <NewBoard
          env={place.env}
          onClose={() => setMaking(false)}
          onMade={(id) => {
            void client.invalidateQueries({ queryKey: ['boards', place.env] });
            go(environmentPath(place, `/board/${id}`), { edit: '1' });
          }}
        />
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
  return (
    <DialogBox title="New board" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim()) make.mutate();
        }}
      >
        <label>
          Name
          <input autoFocus value={name} onChange={(e) => setName(e.target.value)} maxLength={255} />
        </label>
        <label>
          Description
          <input value={description} onChange={(e) => setDescription(e.target.value)} maxLength={1023} />
        </label>
        {make.error && <ErrorBox what="The board could not be made" error={make.error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!name.trim() || make.isPending}>
            Make board
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
