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

/** East Asian and pictographic characters take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_COLUMN = /\p{Mn}|\p{Me}|\u200d|\ufe0f/u;

/** Columns a printable text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (!NO_COLUMN.test(character)) columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** The text within `columns`, with '…' for what was left out. */
export function cutTo(columns: number, text: string): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    const wide = columnsOf(character);
    if (used + wide > columns - 1) break;
    kept += character;
    used += wide;
  }
  return `${kept}…`;
}
