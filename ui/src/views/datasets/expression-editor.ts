// CodeMirror as the expressions of calculated fields need it: columns and functions completed, names coloured, the place of an error
// underlined. The server says what is wrong; nothing is parsed here.
import { autocompletion, closeBrackets, completionKeymap, type CompletionContext } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { EditorState, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  keymap,
  MatchDecorator,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';
import type { ExpressionFunction, ExpressionProblem } from '../../api/manage';

interface Options {
  parent: HTMLElement;
  text: string;
  nonce: string | undefined;
  onChange: (text: string) => void;
  functions: () => readonly ExpressionFunction[];
  columns: (prefix: string) => Promise<{ name: string; type: string; description: string }[]>;
}

export function makeEditor(options: Options): EditorView {
  return new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        bracketMatching(),
        closeBrackets(),
        words,
        problemField,
        EditorView.lineWrapping,
        placeholder('IF(GT($duration_ms, 1000), "slow", "fast")'),
        autocompletion({ override: [(context) => complete(context, options)], icons: false }),
        // Tab leaves the editor, as it must for the keyboard; completions are taken with Enter.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': 'Expression', spellcheck: 'false' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
        }),
        ...(options.nonce ? [EditorView.cspNonce.of(options.nonce)] : []),
      ],
    }),
  });
}
/** Underlines the character where the server stopped understanding. */
export function showProblem(view: EditorView, problem: ExpressionProblem | undefined): void {
  view.dispatch({ effects: setProblem.of(problem ?? null) });
}

const setProblem = StateEffect.define<ExpressionProblem | null>();
const underline = Decoration.mark({ class: 'expression-problem' });
const problemField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setProblem)) continue;
      if (effect.value === null) next = Decoration.none;
      else {
        const { doc } = transaction.state;
        const line = doc.line(Math.max(1, Math.min(doc.lines, effect.value.line)));
        const at = Math.min(line.to, line.from + effect.value.column - 1);
        // At the end there is no character: the last one stands for it.
        const from = at >= line.to ? Math.max(line.from, line.to - 1) : at;
        const to = Math.min(line.to, from + 1);
        next = to > from ? Decoration.set([underline.range(from, to)]) : Decoration.none;
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const marks = {
  column: Decoration.mark({ class: 'expression-column' }),
  text: Decoration.mark({ class: 'expression-text' }),
  call: Decoration.mark({ class: 'expression-call' }),
};
const matcher = new MatchDecorator({
  regexp: /(\$(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[\w./:=+?-]+))|("(?:[^"\\]|\\.)*"|`[^`]*`)|([A-Za-z_0-9]+)(?=\s*\()/g,
  decoration: (match) => (match[1] ? marks.column : match[2] ? marks.text : marks.call),
});
const words = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = matcher.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = matcher.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

async function complete(context: CompletionContext, options: Options) {
  const column = context.matchBefore(/\$"?[\w./:=+?-]*/);
  if (column) {
    const prefix = column.text.replace(/^\$"?/, '');
    const found = await options.columns(prefix);
    return {
      from: column.from,
      filter: false,
      options: found.map(({ name, type, description }) => ({
        label: /^[\w./:=+?-]+$/.test(name) ? `$${name}` : `$"${name}"`,
        detail: type,
        info: description || undefined,
        type: 'variable',
      })),
    };
  }
  const word = context.matchBefore(/[A-Za-z_]\w*/);
  if (!word && !context.explicit) return null;
  return {
    from: word?.from ?? context.pos,
    options: options.functions().map((f) => ({
      label: f.name,
      detail: f.type,
      info: `${f.usage}\n${f.summary}`,
      apply: `${f.name}(`,
      type: 'function',
    })),
  };
}
