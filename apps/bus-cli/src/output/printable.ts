/**
 * Characters a terminal obeys instead of showing: controls, and marks that turn the direction of reading. Whoever can write a job
 * could otherwise repaint the screen of whoever looks at it.
 */
const OBEYED = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text on one line that a terminal only shows. */
export function printable(text: string): string {
  return text.replace(OBEYED, escaped);
}

/** JSON that a terminal only shows; it means the same. */
export function printableJson(json: string): string {
  return json.replace(OBEYED, (character) => (character === '\n' ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const PLAIN = /^[\x20-\x7e]*$/;
/** East Asian and pictographic characters take two columns, marks on other characters none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ONLY_MARKS = /^(?:\p{Mn}|\p{Me}|\u200d|\ufe0f)*$/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns a printable text takes. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return charactersOf(text).reduce((columns, character) => columns + widthOf(character), 0);
}

/** The text within `columns`, with '…' for the end that was left out. */
export function cutTo(columns: number, text: string): string {
  if (columnsOf(text) <= columns) return text;
  return `${beginning(columns - 1, charactersOf(text)).join('')}…`;
}

/** The text within `columns`, with '…' for the middle that was left out: ids differ at both ends. */
export function cutInside(columns: number, text: string): string {
  if (columnsOf(text) <= columns) return text;
  const characters = charactersOf(text);
  const end = beginning(Math.floor((columns - 1) / 3), characters.toReversed())
    .toReversed()
    .join('');
  const start = beginning(columns - 1 - columnsOf(end), characters).join('');
  return `${start}…${end}`;
}

/** The text in lines of at most `columns`, broken between words where there are some. */
export function wrapped(columns: number, text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (columnsOf(rest) > columns) {
    const fitting = beginning(columns, charactersOf(rest)).join('');
    const space = fitting.lastIndexOf(' ');
    const line = space > 0 ? fitting.slice(0, space) : fitting;
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  return [...lines, rest];
}

function charactersOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function widthOf(character: string): number {
  if (ONLY_MARKS.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function beginning(columns: number, characters: readonly string[]): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += widthOf(character);
    if (used > columns) break;
    kept.push(character);
  }
  return kept;
}
