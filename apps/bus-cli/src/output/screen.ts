import { styleText } from 'node:util';

export type Style = 'good' | 'bad' | 'warning' | 'quiet' | 'title';

/** What output is laid out for. */
export interface Screen {
  /** Columns; Infinity when nobody looks, so that programs get whole values. */
  readonly width: number;
  readonly hasColors: boolean;
}

const FORMATS = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  quiet: 'gray',
  title: 'bold',
} as const satisfies Record<Style, Parameters<typeof styleText>[0]>;

/** The text in its style, or as it is where there are no colours. */
export function paint(screen: Screen, style: Style | undefined, text: string): string {
  if (style === undefined || !screen.hasColors) return text;
  return styleText(FORMATS[style], text, { validateStream: false });
}
