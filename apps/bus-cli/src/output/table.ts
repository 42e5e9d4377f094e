import { columnsOf, cutInside, cutTo, printable, wrapped } from './printable.ts';
import { paint, type Screen, type Style } from './screen.ts';

export type Cell = string | number | { readonly text: string | number; readonly style: Style | undefined };

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * What gives way when the table is too wide: first texts, which lose their end, then ids, which lose their middle. @default nothing
   */
  readonly shrinks?: 'text' | 'id';
}

const GAP = '  ';
const NARROWEST_TEXT = 12;
const NARROWEST_ID = 16;

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

/** Names and values under each other; long values go on in further lines. */
export function fields(screen: Screen, entries: readonly (readonly [name: string, value: Cell])[]): string {
  const widest = Math.max(...entries.map(([name]) => columnsOf(name)));
  const room = Math.max(NARROWEST_TEXT, screen.width - widest - GAP.length);
  return entries
    .flatMap(([name, value]) =>
      wrapped(room, printable(textOf(value))).map((line, index) => {
        const label = (index === 0 ? name : '').padEnd(widest);
        return `${paint(screen, 'quiet', label)}${GAP}${paint(screen, styleOf(value), line)}`;
      }),
    )
    .join('\n');
}

function textOf(cell: Cell): string {
  return String(typeof cell === 'object' ? cell.text : cell);
}

function styleOf(cell: Cell | undefined): Style | undefined {
  return typeof cell === 'object' ? cell.style : undefined;
}

/** Takes from the widest column that can give some, until the table fits or nobody can: texts first, then ids. */
function shrunk(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  for (const [kind, narrowest] of [
    ['text', NARROWEST_TEXT],
    ['id', NARROWEST_ID],
  ] as const) {
    const mayShrink = (index: number): boolean =>
      columns[index]?.shrinks === kind && (widths[index] ?? 0) > narrowest;
    while (sum(widths) > room) {
      const candidates = widths.map((_, index) => index).filter(mayShrink);
      const [widest] = candidates.toSorted((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
      if (widest === undefined) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return widths;
}

function padded(column: Column | undefined, width: number, text: string, isLast: boolean): string {
  const cut = column?.shrinks === 'id' ? cutInside(width, text) : cutTo(width, text);
  const padding = ' '.repeat(Math.max(0, width - columnsOf(cut)));
  if (column?.align === 'right') return padding + cut;
  return isLast ? cut : cut + padding;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
