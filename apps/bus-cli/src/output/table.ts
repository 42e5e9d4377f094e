import { columnsOf, cutTo, printable } from './printable.ts';
import { paint, type Screen, type Style } from './screen.ts';

export type Cell = string | number | { readonly text: string | number; readonly style: Style | undefined };

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives way first when the table is too wide. @default false */
  readonly canShrink?: boolean;
}

const GAP = '  ';
const NARROWEST = 8;

/** Rows under their titles, in columns that line up and fit the screen. Cells may hold anything: they are shown, not obeyed. */
export function table(
  screen: Screen,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const texts = rows.map((row) => row.map((cell) => printable(textOf(cell))));
  const natural = columns.map((column, index) =>
    Math.max(columnsOf(column.title), ...texts.map((row) => columnsOf(row[index] ?? ''))),
  );
  const widths = shrunk(columns, natural, screen.width - GAP.length * (columns.length - 1));
  const line = (cells: readonly string[], styleAt: (index: number) => Style | undefined): string =>
    cells
      .map((text, index) => {
        const isLast = index === columns.length - 1;
        return paint(screen, styleAt(index), padded(columns[index], widths[index] ?? 0, text, isLast));
      })
      .join(GAP);
  return [
    line(
      columns.map(({ title }) => title.toUpperCase()),
      () => 'quiet',
    ),
    ...texts.map((row, index) => line(row, (cell) => styleOf(rows[index]?.[cell]))),
  ].join('\n');
}

/** Names and values, one a line. */
export function fields(screen: Screen, entries: readonly (readonly [name: string, value: Cell])[]): string {
  const widest = Math.max(...entries.map(([name]) => columnsOf(name)));
  return entries
    .map(([name, value]) => {
      const text = cutTo(screen.width - widest - GAP.length, printable(textOf(value)));
      return `${paint(screen, 'quiet', name.padEnd(widest))}${GAP}${paint(screen, styleOf(value), text)}`;
    })
    .join('\n');
}

function textOf(cell: Cell): string {
  return String(typeof cell === 'object' ? cell.text : cell);
}

function styleOf(cell: Cell | undefined): Style | undefined {
  return typeof cell === 'object' ? cell.style : undefined;
}

/** Takes columns away from the widest that can give some, until the table fits or nobody can. */
function shrunk(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  for (let excess = sum(widths) - room; excess > 0; excess -= 1) {
    const [widest] = columns
      .map((column, index) => ({ index, width: widths[index] ?? 0, canShrink: column.canShrink === true }))
      .filter(({ width, canShrink }) => canShrink && width > NARROWEST)
      .toSorted((one, other) => other.width - one.width);
    if (widest === undefined) break;
    widths[widest.index] = widest.width - 1;
  }
  return widths;
}

function padded(column: Column | undefined, width: number, text: string, isLast: boolean): string {
  const cut = cutTo(width, text);
  const padding = ' '.repeat(Math.max(0, width - columnsOf(cut)));
  if (column?.align === 'right') return padding + cut;
  return isLast ? cut : cut + padding;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
