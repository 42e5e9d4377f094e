/** Stands at the top of every generated file. */
export const GENERATED_NOTE = 'Generated from the code by `npm run reference`; do not edit.';
