import type { CodeEditor } from '@grafana/ui';
import type { ComponentProps } from 'react';

import type { RuleProblem } from '../rules';
import { completions, positionAt, type Known } from '../sigma';

type DidMount = NonNullable<ComponentProps<typeof CodeEditor>['onEditorDidMount']>;

/** The editor, and Grafana's copy of Monaco that made it. */
export type Editor = Parameters<DidMount>[0];
export type Monaco = Parameters<DidMount>[1];

/** Of the errors in a text, the owner that Monaco knows them by. */
const OWNER = 'audittrail';

/** Lets the Tab key leave the editor, as it leaves every other field. */
export function letTabLeave(editor: Editor, monaco: Monaco): void {
  editor.onKeyDown((event) => {
    if (event.keyCode === monaco.KeyCode.Tab) {
      // Monaco's own listeners, which insert spaces, are those of an element around.
      event.stopPropagation();
    }
  });
}

/** Completes an editor's text, until it is disposed of. Monaco has providers for a language, and so for other editors too. */
export function complete(editor: Editor, monaco: Monaco, known: () => Known): void {
  const provider = monaco.languages.registerCompletionItemProvider('yaml', {
    triggerCharacters: [' ', '.', '|'],
    provideCompletionItems: async (model, { lineNumber, column }) => {
      if (model !== editor.getModel()) {
        return { suggestions: [] };
      }
      const before = { startLineNumber: 1, startColumn: 1, endLineNumber: lineNumber, endColumn: column };
      const position = positionAt(model.getValueInRange(before));
      const found = position ? await completions(position, known()).catch(() => []) : [];
      const quote = /^["']?/.exec(position?.typed ?? '')?.[0] ?? '';
      // Monaco closes quotes as they are opened.
      const isClosed = quote && model.getLineContent(lineNumber)[column - 1] === quote;
      const range = {
        startLineNumber: lineNumber,
        startColumn: column - (position?.typed.length ?? 0),
        endLineNumber: lineNumber,
        endColumn: column + (isClosed ? 1 : 0),
      };
      const kinds = monaco.languages.CompletionItemKind;
      return {
        suggestions: found.map(({ label, insert, about }, row) => ({
          label,
          kind: position?.kind === 'value' ? kinds.Value : kinds.Property,
          insertText: insert,
          documentation: about,
          // Compared with the typed text, the quote included.
          filterText: quote + label,
          sortText: String(row).padStart(6, '0'),
          range,
        })),
      };
    },
  });
  editor.onDidDispose(() => provider.dispose());
}

/** Underlines the lines of errors. */
export function underline(editor: Editor, monaco: Monaco, problems: readonly RuleProblem[]): void {
  const model = editor.getModel();
  if (!model) {
    return;
  }
  const markers = problems.map(({ line, message }) => {
    const lineNumber = Math.min(Math.max(line ?? 1, 1), model.getLineCount());
    return {
      severity: monaco.MarkerSeverity.Error,
      message,
      startLineNumber: lineNumber,
      startColumn: 1,
      endLineNumber: lineNumber,
      endColumn: model.getLineMaxColumn(lineNumber),
    };
  });
  monaco.editor.setModelMarkers(model, OWNER, markers);
}
