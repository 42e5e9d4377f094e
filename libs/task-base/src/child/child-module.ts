/**
 * The URL of the module that does a child's work, beside the module that asks: `childModule(import.meta.url, './train-model.work')`.
 * Named without its extension, because it is `.ts` where sources are run and `.js` in the build.
 */
export function childModule(besides: string, path: string): URL {
  return new URL(`${path}${besides.endsWith('.ts') ? '.ts' : '.js'}`, besides);
}
