import { NewTaskRefusedError } from './new-task.errors.ts';
import { pathOf } from './statements.ts';

/** A source file under change. Every edit keeps what is there and puts one thing in its place. */
export class SourceEdit {
  private text: string;
  private readonly file: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  get result(): string {
    return this.text;
  }

  /** Adds an `import` or `export … from` in alphabetical order among those whose path begins with `path`, or after all imports. */
  addFrom(statement: string, path: string): this {
    const lines = this.text.split('\n');
    const isSibling = (line: string): boolean => pathOf(line).startsWith(path);
    const next = lines.findIndex((line) => isSibling(line) && pathOf(line) > pathOf(statement));
    const last = lines.findLastIndex(isSibling);
    const lastImport = lines.findLastIndex((line) => /^(?:import .*|\} )from '/.test(line));
    const at = next !== -1 ? startOf(lines, next) : (last !== -1 ? last : lastImport) + 1;
    if (at === 0) throw this.unknownShape(`an import or export of '${path}'`);
    this.text = [...lines.slice(0, at), statement, ...lines.slice(at)].join('\n');
    return this;
  }

  /** Adds an item at the end of the list that begins at, or around, `mark`. */
  addItem(item: string, mark: string): this {
    const from = this.text.indexOf(mark);
    const end = from === -1 ? -1 : endOfList(this.text, from + mark.length);
    if (end === -1) throw this.unknownShape(`a list at '${mark}'`);
    const before = this.text.slice(0, end).trimEnd();
    const comma = before.endsWith('[') || before.endsWith(',') ? '' : ',';
    this.text = `${before}${comma}\n${item},\n${this.text.slice(end)}`;
    return this;
  }

  private unknownShape(wanted: string): NewTaskRefusedError {
    return new NewTaskRefusedError(
      `${this.file} has not ${wanted}; add the task by hand, or mend the generator`,
    );
  }
}

/** First line of the statement that ends in this one. */
function startOf(lines: readonly string[], end: number): number {
  return lines.slice(0, end + 1).findLastIndex((line) => /^(?:import|export)\b/.test(line));
}

/** Where the list that `from` lies in ends; -1 when it lies in none. */
function endOfList(text: string, from: number): number {
  let depth = 0;
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === '[') depth += 1;
    else if (text[index] === ']') depth -= 1;
    if (depth < 0) return index;
  }
  return -1;
}
