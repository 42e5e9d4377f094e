/** Takes names in from a module. */
export function importLine(names: readonly string[], path: string): string {
  return `import { ${names.join(', ')} } ${from(path)}`;
}

/** Takes types in from a module. */
export function typeImportLine(names: readonly string[], path: string): string {
  return `import type { ${names.join(', ')} } ${from(path)}`;
}

/** Hands names of a module on. */
export function exportLine(names: readonly string[], path: string): string {
  return `export { ${names.join(', ')} } ${from(path)}`;
}

/** The module an import or export takes from; empty for any other line. */
export function pathOf(line: string): string {
  return /\bfrom\s'([^']+)'/.exec(line)?.[1] ?? '';
}

function from(path: string): string {
  return `from ${quoted(path)};`;
}

function quoted(text: string): string {
  return `'${text}'`;
}
