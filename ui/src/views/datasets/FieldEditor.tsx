// One calculated field: its expression with completion, what is wrong and where, and its values in the newest events as it is written.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { EditorView } from '@codemirror/view';
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/http';
import { previewOptions, saveField, type CalculatedField, type FieldPreview } from '../../api/manage';
import { columnsOptions, functionsOptions } from '../../api/options';
import { rowTimeText, valueText } from '../../model/format';
import { Button, ErrorBox } from '../../widgets/basic';
import { TextField } from '../../widgets/form';
import { useUtc } from '../../widgets/prefs';
import css from './datasets.module.css';
import { makeEditor, showProblem } from './expression-editor';

/** The newest events of the last week: a dataset that nobody writes to today can be tried too. */
const PREVIEW_RANGE = 7 * 86_400;
/** How long nothing may be typed before the server is asked, in ms. */
const PAUSE = 200;

interface Props {
  env: string;
  /** Whose events the expression is tried on. */
  dataset: string;
  /** Where the field is kept: the dataset, or `__all__`. */
  scope: string;
  field?: CalculatedField;
  onDone: () => void;
}
export default function FieldEditor({ env, dataset, scope, field, onDone }: Props) {
  const client = useQueryClient();
  const [alias, setAlias] = useState(field?.alias ?? '');
  const [description, setDescription] = useState(field?.description ?? '');
  const [text, setText] = useState(field?.expression ?? '');
  const asked = useSettled(text.trim());
  const functions = useQuery(functionsOptions(env)).data?.functions;
  const known = useRef(functions ?? []);
  useEffect(() => {
    known.current = functions ?? [];
  }, [functions]);
  const preview = useQuery({
    ...previewOptions(env, dataset, asked, PREVIEW_RANGE),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  });
  const save = useMutation({
    mutationFn: () => saveField(env, scope, field?.id, { alias: alias.trim(), expression: text.trim(), description }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['calculated-fields'] });
      onDone();
    },
  });

  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView>(null);
  const first = useRef(text);
  useEffect(() => {
    const view = makeEditor({
      parent: host.current!,
      text: first.current,
      nonce: document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content,
      onChange: setText,
      functions: () => known.current,
      columns: async (prefix) => {
        const page = await client.fetchQuery(columnsOptions(env, dataset, prefix, 50));
        return page.columns.map((c) => ({ name: c.key_name, type: c.type, description: c.description }));
      },
    });
    editor.current = view;
    return () => view.destroy();
  }, [client, env, dataset]);
  const answer = asked === '' ? undefined : preview.data;
  useEffect(() => {
    if (editor.current) showProblem(editor.current, answer?.error);
  }, [answer]);

  const fieldError = save.error instanceof ApiError ? save.error : null;
  return (
    <div className={css.editor} data-testid="field-editor">
      <div className={css.editorHead}>
        <TextField
          label="Name"
          required
          maxLength={255}
          value={alias}
          error={fieldError?.field === 'alias' ? fieldError.message : undefined}
          onChange={(e) => setAlias(e.target.value)}
        />
        <TextField
          label="Description"
          maxLength={255}
          value={description}
          onChange={(e) => setDescription(e.target.value)}
        />
      </div>
      <div>
        <p className={css.editorLabel}>
          Expression <span>$ offers columns, letters offer functions</span>
        </p>
        <div ref={host} className={css.code} data-testid="expression" />
        <Verdict answer={answer} isEmpty={asked === ''} error={preview.error} />
      </div>
      <div className={css.asks}>
        <Button
          kind="primary"
          disabled={save.isPending || alias.trim() === '' || asked === '' || answer?.error !== undefined}
          onClick={() => save.mutate()}
        >
          {field ? 'Save' : 'Create'}
        </Button>
        <Button onClick={onDone}>Cancel</Button>
        <span className={css.none}>{scope === '__all__' ? 'for all datasets of the environment' : `of ${scope}`}</span>
      </div>
      {fieldError && fieldError.field !== 'alias' && <ErrorBox what="The field could not be kept" error={fieldError} />}
      <Rows answer={answer} />
    </div>
  );
}

function Verdict({ answer, isEmpty, error }: { answer?: FieldPreview; isEmpty: boolean; error: Error | null }) {
  if (isEmpty) return <p className={css.verdict}>Write an expression; its values show below as you do.</p>;
  if (error) return <p className={css.verdict}>The expression could not be tried: {error.message}</p>;
  if (!answer) return <p className={css.verdict}>…</p>;
  if (answer.error) {
    return (
      <p className={css.verdict} data-kind="error" role="status">
        <CircleAlert size={14} aria-hidden /> Line {answer.error.line}, character {answer.error.column}:{' '}
        {answer.error.message}
      </p>
    );
  }
  const unknown = answer.unknown_columns ?? [];
  return (
    <p className={css.verdict} data-kind={unknown.length > 0 ? 'warn' : 'ok'} role="status">
      {unknown.length > 0 ? (
        <>
          <TriangleAlert size={14} aria-hidden /> No event has had {unknown.join(', ')}
        </>
      ) : (
        <>
          <CircleCheck size={14} aria-hidden /> Gives {answer.type === 'any' ? 'values of several types' : answer.type}
        </>
      )}
    </p>
  );
}
function Rows({ answer }: { answer?: FieldPreview }) {
  const utc = useUtc();
  if (!answer?.rows) return null;
  const columns = answer.columns ?? [];
  if (answer.rows.length === 0) return <p className={css.none}>No events in the last week to try it on.</p>;
  return (
    <section>
      <h3>In the newest events</h3>
      <div className={css.tableBox} tabIndex={0} role="region" aria-label="Values in the newest events">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">value</th>
              {columns.map((column) => (
                <th key={column} scope="col" className="mono">
                  ${column}
                </th>
              ))}
              <th scope="col">time</th>
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row, i) => (
              <tr key={i}>
                <td className="mono">
                  {row.value === undefined ? <span className={css.none}>empty</span> : <b>{valueText(row.value)}</b>}
                </td>
                {columns.map((column) => (
                  <td key={column} className="mono">
                    {row.inputs[column] === undefined ? (
                      <span className={css.none}>–</span>
                    ) : (
                      valueText(row.inputs[column])
                    )}
                  </td>
                ))}
                <td className="num">{rowTimeText(row.time, utc)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** A text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
