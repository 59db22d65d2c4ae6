// Boards to begin with: a list; then one of them on one's own data, with the columns that play its fields, before it is made.
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, Check, CircleDashed } from 'lucide-react';
import { useMemo, useState } from 'react';
import { createBoard, nameQuery, runQuery, type NewBoard } from '../../api/calls';
import { columnsOptions, datasetsOptions, peekOptions } from '../../api/options';
import { nextPlace, type Position } from '../../model/board';
import {
  BOARD_TEMPLATES,
  hasValues,
  mapFields,
  specOfPanel,
  type BoardTemplate,
  type FieldMap,
  type TemplatePanel,
} from '../../model/board-template';
import type { QuerySpec } from '../../model/query-spec';
import { groupsOf, type QueryAnswer } from '../../model/result';
import { Charts } from '../../result/Charts';
import { Button, ErrorBox, IconButton } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import { useUtc } from '../../widgets/prefs';
import type { Place } from '../../widgets/route';
import css from './boards.module.css';

const DAY = 86_400;
/** More columns than this are found by typing their name. */
const COLUMNS_READ = 1000;

interface Props {
  place: Place;
  id: string;
  dataset: string;
  onTemplate: (id: string) => void;
  onDataset: (dataset: string) => void;
  onClose: () => void;
  onMade: (board: string) => void;
}
export default function Templates({ id, onTemplate, onClose, ...rest }: Props) {
  const template = BOARD_TEMPLATES.find((t) => t.id === id);
  return (
    <DialogBox
      title={template ? template.name : 'A board from a template'}
      open
      onOpenChange={(open) => !open && onClose()}
      wide
    >
      {template ? (
        <Preview key={template.id} template={template} onBack={() => onTemplate('list')} {...rest} />
      ) : (
        <ul className={css.templates}>
          {BOARD_TEMPLATES.map((t, i) => (
            <li key={t.id}>
              <button type="button" autoFocus={i === 0} onClick={() => onTemplate(t.id)}>
                <strong>{t.name}</strong>
                <span>{t.about}</span>
                <small>{t.panels.length} panels</small>
              </button>
            </li>
          ))}
        </ul>
      )}
    </DialogBox>
  );
}

interface Tried {
  panel: TemplatePanel;
  spec: QuerySpec | null;
  answer: QueryAnswer | undefined;
  error: Error | null;
  hasData: boolean;
}
function Preview({
  place,
  template,
  dataset,
  onDataset,
  onBack,
  onMade,
}: Omit<Props, 'id' | 'onTemplate' | 'onClose'> & { template: BoardTemplate; onBack: () => void }) {
  const { env } = place;
  const client = useQueryClient();
  const datasets = useQuery(datasetsOptions(env));
  const columns = useQuery(columnsOptions(env, dataset, '', COLUMNS_READ));
  const [chosen, setChosen] = useState<FieldMap>({});
  const [name, setName] = useState(template.name);
  const known = useMemo(() => new Set((columns.data?.columns ?? []).map((c) => c.key_name)), [columns.data]);
  const map = useMemo<FieldMap>(() => {
    const typed = Object.entries(chosen).filter(([, column]) => column !== undefined);
    return { ...mapFields(template, known), ...Object.fromEntries(typed) };
  }, [template, known, chosen]);
  const specs = template.panels.map((panel) => specOfPanel(panel, map, DAY));
  const asked = specs.filter((spec) => spec !== null);
  // The first calculation is enough to see whether there is data.
  const answers = useQueries({
    queries: asked.map((spec) => peekOptions(env, dataset, { ...spec, calculations: spec.calculations?.slice(0, 1) })),
  });
  const tried = template.panels.map((panel, i): Tried => {
    const spec = specs[i]!;
    const { data: answer, error = null } = spec === null ? {} : answers[asked.indexOf(spec)]!;
    return { panel, spec, answer, error, hasData: answer !== undefined && hasValues(answer) };
  });
  const found = tried.filter((t) => t.hasData);
  const asking = answers.some((a) => a.isPending);
  const make = useMutation({
    mutationFn: async () => {
      const panels: NonNullable<NewBoard['panels']> = [];
      const placed: { position: Position }[] = [];
      for (const { panel, spec } of found) {
        const { query_id } = await runQuery(env, dataset, { ...spec!, time_range: 7200 });
        const named = await nameQuery(env, dataset, { name: panel.name, query_id: query_id!, source: 'board' });
        const position = nextPlace(placed, ...panel.size);
        placed.push({ position });
        panels.push({
          type: 'query',
          position,
          query_panel: { query_id: query_id!, query_annotation_id: named.id, query_style: panel.style },
        });
      }
      const labels = new Map(template.fields.map((f) => [f.id, f.label]));
      return createBoard(env, {
        name: name.trim(),
        description: template.about,
        panels,
        preset_filters: template.presets
          .filter((id) => map[id])
          .map((id) => ({ column: map[id]!, alias: labels.get(id)! })),
      });
    },
    onSuccess: (board) => {
      for (const key of ['boards', 'names', 'history']) void client.invalidateQueries({ queryKey: [key, env] });
      onMade(board.id);
    },
  });
  return (
    <div className={css.template} data-testid="template" data-state={asking || columns.isPending ? 'asking' : 'ready'}>
      <div className={css.templateHead}>
        <IconButton label="All templates" onClick={onBack}>
          <ArrowLeft size={16} />
        </IconButton>
        <p>{template.about}</p>
        <label>
          with the data of
          <select autoFocus value={dataset} onChange={(e) => onDataset(e.target.value)}>
            <option value="__all__">All datasets</option>
            {(datasets.data ?? []).map((d) => (
              <option key={d.slug} value={d.slug}>
                {d.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {columns.error && <ErrorBox what="The columns could not be loaded" error={columns.error} />}
      <div className={css.found} role="status">
        <progress max={template.panels.length} value={found.length} aria-label="Panels that found data" />
        {found.length} of {template.panels.length} panels found data in the last day
        {asking && ', still asking'}
      </div>
      <details className={css.mapping} open={tried.some((t) => t.spec === null) || undefined}>
        <summary>Which column plays which part</summary>
        <div>
          {template.fields.map((f) => (
            <label key={f.id}>
              <span>
                {map[f.id] ? <Check size={12} aria-hidden /> : <CircleDashed size={12} aria-hidden />} {f.label}
              </span>
              <input
                className="mono"
                list="template-columns"
                placeholder={`none, for example ${f.names[0]}`}
                spellCheck={false}
                value={chosen[f.id] ?? map[f.id] ?? ''}
                onChange={(e) => setChosen({ ...chosen, [f.id]: e.target.value })}
              />
            </label>
          ))}
        </div>
        <datalist id="template-columns">
          {[...known].map((column) => (
            <option key={column} value={column} />
          ))}
        </datalist>
      </details>
      <div className={css.previews}>
        {tried.map((t) => (
          <PanelPreview key={t.panel.name} tried={t} template={template} map={map} />
        ))}
      </div>
      {make.error && <ErrorBox what="The board could not be made" error={make.error} />}
      <form
        className={css.templateEnd}
        onSubmit={(e) => {
          e.preventDefault();
          make.mutate();
        }}
      >
        <input
          aria-label="Name of the board"
          value={name}
          maxLength={255}
          onChange={(e) => setName(e.target.value)}
          required
        />
        <Button kind="primary" type="submit" disabled={found.length === 0 || asking || make.isPending}>
          {make.isPending ? 'Making…' : `Make the board with ${found.length} panels`}
        </Button>
      </form>
    </div>
  );
}
function PanelPreview({ tried, template, map }: { tried: Tried; template: BoardTemplate; map: FieldMap }) {
  const { panel, spec, answer, error, hasData } = tried;
  const utc = useUtc();
  const groups = useMemo(() => (answer ? groupsOf(answer).slice(0, 8) : []), [answer]);
  const missing = template.fields.filter((f) => panel.needs.includes(f.id) && !map[f.id]);
  return (
    <section className={css.preview} data-found={hasData || undefined} aria-label={panel.name}>
      <h3>{panel.name}</h3>
      {hasData ? (
        <Charts answer={answer!} groups={groups} view={undefined} utc={utc} hidden={new Set()} height={76} />
      ) : (
        <p>
          {spec === null
            ? `Needs a column for: ${missing.map((f) => f.label).join(', ')}`
            : error
              ? error.message
              : answer
                ? 'No events have it'
                : 'Asking…'}
        </p>
      )}
    </section>
  );
}
