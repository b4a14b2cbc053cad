import { complete, letTabLeave, underline, type Editor, type Monaco } from './sigmaEditor';

type Provider = Parameters<Monaco['languages']['registerCompletionItemProvider']>[1];

/** Monaco with one text, as far as it is used. */
function fake(text: string) {
  const lines = text.split('\n');
  const model = {
    getValueInRange: ({ endLineNumber, endColumn }: { endLineNumber: number; endColumn: number }) =>
      [...lines.slice(0, endLineNumber - 1), lines[endLineNumber - 1].slice(0, endColumn - 1)].join('\n'),
    getLineContent: (line: number) => lines[line - 1],
    getLineCount: () => lines.length,
    getLineMaxColumn: (line: number) => lines[line - 1].length + 1,
  };
  const listeners: Record<string, (event: object) => void> = {};
  const editor = {
    getModel: () => model,
    onKeyDown: (listener: (event: object) => void) => (listeners.key = listener),
    onDidDispose: (listener: () => void) => (listeners.dispose = listener),
  };
  const dispose = jest.fn();
  const register = jest.fn((_: string, __: Provider) => ({ dispose }));
  const setModelMarkers = jest.fn();
  const monaco = {
    KeyCode: { Tab: 2 },
    MarkerSeverity: { Error: 8 },
    languages: { registerCompletionItemProvider: register, CompletionItemKind: { Value: 1, Property: 2 } },
    editor: { setModelMarkers },
  };
  return {
    model,
    editor: editor as unknown as Editor,
    monaco: monaco as unknown as Monaco,
    listeners,
    dispose,
    register,
    setModelMarkers,
  };
}

const known = () => ({
  fields: async () => [{ name: 'method_name', description: 'The method' }],
  values: async () => [{ value: 'CreateServer' }, { value: 'say "hi"' }],
});

async function suggestions(before: string, after = '', of?: object) {
  const { model, editor, monaco, register } = fake(before + after);
  complete(editor, monaco, known);
  const [language, provider] = register.mock.calls[0];
  expect(language).toBe('yaml');
  const lines = before.split('\n');
  const position = { lineNumber: lines.length, column: lines[lines.length - 1].length + 1 };
  const answer = await provider.provideCompletionItems(
    (of ?? model) as never,
    position as never,
    {} as never,
    {} as never
  );
  return answer!.suggestions;
}

describe('the editor of rules', () => {
  it('completes the fields of a selection', async () => {
    const [field] = await suggestions('detection:\n  selection:\n    meth');
    expect(field).toMatchObject({
      label: 'method_name',
      insertText: 'method_name: ',
      filterText: 'method_name',
      documentation: 'The method',
      range: { startLineNumber: 3, endLineNumber: 3, startColumn: 5, endColumn: 9 },
    });
  });

  it('completes values, with quotes where they are needed', async () => {
    const found = await suggestions('detection:\n  selection:\n    method_name: Cr');
    expect(found.map(({ insertText }) => insertText)).toEqual(['CreateServer', '"say \\"hi\\""']);
  });

  it('replaces the quotes that are there', async () => {
    const [value] = await suggestions('detection:\n  selection:\n    method_name: "Cr', '"');
    expect(value).toMatchObject({ filterText: '"CreateServer', range: { startColumn: 18, endColumn: 22 } });
  });

  it('completes nothing in other editors, and nowhere once it is gone', async () => {
    expect(await suggestions('detection:\n  selection:\n    ', '', {})).toEqual([]);
    const { editor, monaco, listeners, dispose } = fake('');
    complete(editor, monaco, known);
    listeners.dispose({});
    expect(dispose).toHaveBeenCalledTimes(1);
  });

  it('lets the Tab key leave', () => {
    const { editor, monaco, listeners } = fake('');
    letTabLeave(editor, monaco);
    const [tab, other] = [2, 3].map((keyCode) => ({ keyCode, stopPropagation: jest.fn() }));
    [tab, other].forEach((event) => listeners.key(event));
    expect(tab.stopPropagation).toHaveBeenCalled();
    expect(other.stopPropagation).not.toHaveBeenCalled();
  });

  it('underlines the lines of errors, also of those beyond the text', () => {
    const { model, editor, monaco, setModelMarkers } = fake('one\nthree');
    underline(editor, monaco, [
      { line: 2, message: 'a' },
      { line: 9, message: 'b' },
      { line: null, message: 'c' },
    ]);
    const [of, , markers] = setModelMarkers.mock.calls[0];
    expect(of).toBe(model);
    expect(
      markers.map(({ startLineNumber, endColumn, message }: Record<string, unknown>) => [
        startLineNumber,
        endColumn,
        message,
      ])
    ).toEqual([
      [2, 6, 'a'],
      [2, 6, 'b'],
      [1, 4, 'c'],
    ]);
  });
});
