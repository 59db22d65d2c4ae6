// Gives the shown query a name, and puts it on a board when one is chosen.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { createBoard, getBoard, nameQuery, saveBoard, type Board, type NewBoard } from '../../api/calls';
import { boardsOptions, historyOptions, namesOptions } from '../../api/options';
import { nextPlace } from '../../model/board';
import { tidy } from '../../model/query-spec';
import type { QueryAnswer } from '../../model/result';
import type { ViewSettings } from '../../model/view-settings';
import { Button, ErrorBox } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, type Place } from '../../widgets/route';
import css from './query.module.css';

/** So far back the same question is looked for. */
const RUNS_LOOKED_AT = 100;

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  view: ViewSettings | undefined;
  /** To a board, or a name only. */
  toBoard: boolean;
  onClose: () => void;
}
export default function SaveDialog({ place, dataset, answer, view, toBoard, onClose }: Props) {
  const client = useQueryClient();
  const boards = useQuery({ ...boardsOptions(place.env), enabled: toBoard });
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [board, setBoard] = useState('');
  const [newBoard, setNewBoard] = useState('');
  const [style, setStyle] = useState<'graph' | 'table' | 'combo'>('graph');
  const [error, setError] = useState<Error | null>(null);
  const [saved, setSaved] = useState<Board | null>(null);
  const names = useQuery(namesOptions(place.env, dataset));
  // Every run has a query of its own: the names of those that asked the same are names of this one.
  const runs = useQuery(historyOptions(place.env, { dataset, limit: RUNS_LOOKED_AT }));
  const text = JSON.stringify(tidy(answer.query));
  const same = new Set(
    (runs.data?.runs ?? []).filter((r) => JSON.stringify(tidy(r.query)) === text).map((r) => r.query_id),
  );
  const called = (names.data ?? []).filter((n) => n.query_id === answer.query_id || same.has(n.query_id));
  const isRight = name.trim() !== '' && (!toBoard || board !== '' || newBoard.trim() !== '');

  const save = async () => {
    const query_id = answer.query_id!;
    const annotation = await nameQuery(place.env, dataset, {
      name: name.trim(),
      description: description.trim(),
      query_id,
      source: toBoard ? 'board' : 'query',
    });
    void client.invalidateQueries({ queryKey: ['names', place.env] });
    void client.invalidateQueries({ queryKey: ['history', place.env] });
    if (!toBoard) return onClose();
    // As it is now: somebody may have changed it since the list was loaded.
    const old = board === '' ? null : await getBoard(place.env, board);
    const position = nextPlace(old?.panels ?? []);
    const panel = {
      type: 'query' as const,
      position,
      query_panel: {
        query_id,
        query_annotation_id: annotation.id,
        query_style: style,
        ...(view ? { visualization_settings: view } : {}),
      },
    };
    const next: Board = old
      ? await saveBoard(place.env, old.id, { ...old, panels: [...old.panels, panel] } as NewBoard)
      : await createBoard(place.env, { name: newBoard.trim(), panels: [panel] });
    void client.invalidateQueries({ queryKey: ['boards', place.env] });
    void client.invalidateQueries({ queryKey: ['board', place.env, next.id] });
    setSaved(next);
  };
  return (
    <DialogBox title={toBoard ? 'Add to a board' : 'Name this query'} open onOpenChange={(open) => !open && onClose()}>
      {saved ? (
        <div className={css.form}>
          <p>
            “{name.trim()}” is on <Link to={environmentPath(place, `/board/${saved.id}`)}>{saved.name}</Link>.
          </p>
          <footer>
            <Button kind="primary" onClick={onClose}>
              Done
            </Button>
          </footer>
        </div>
      ) : (
        <form
          className={css.form}
          onSubmit={(e) => {
            e.preventDefault();
            if (isRight) save().catch((cause: Error) => setError(cause));
          }}
        >
          {called.length > 0 && (
            <p>
              Already called{' '}
              {called.map((n, i) => (
                <Fragment key={n.id}>
                  {i > 0 && ', '}
                  <strong title={n.description || undefined}>{n.name}</strong>
                </Fragment>
              ))}
              . It may have several names.
            </p>
          )}
          <label>
            Name of the query
            <input autoFocus value={name} onChange={(e) => setName(e.target.value)} maxLength={320} />
          </label>
          <label>
            Description
            <input value={description} onChange={(e) => setDescription(e.target.value)} maxLength={1023} />
          </label>
          {toBoard && (
            <>
              <label>
                Board
                <select value={board} onChange={(e) => setBoard(e.target.value)}>
                  <option value="">A new board…</option>
                  {(boards.data ?? []).map((b) => (
                    <option key={b.id} value={b.id}>
                      {b.name}
                    </option>
                  ))}
                </select>
              </label>
              {board === '' && (
                <label>
                  Name of the new board
                  <input value={newBoard} onChange={(e) => setNewBoard(e.target.value)} maxLength={255} />
                </label>
              )}
              <label>
                Shown as
                <select value={style} onChange={(e) => setStyle(e.target.value as typeof style)}>
                  <option value="graph">Charts</option>
                  <option value="table">Table</option>
                  <option value="combo">Charts and table</option>
                </select>
              </label>
            </>
          )}
          {error && <ErrorBox what="It could not be saved" error={error} />}
          <footer>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" type="submit" disabled={!isRight}>
              {toBoard ? 'Add to board' : 'Save name'}
            </Button>
          </footer>
        </form>
      )}
    </DialogBox>
  );
}
