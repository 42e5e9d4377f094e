/** Where the rounds of guards are read from: in an app, a class of `@bus/database`. */
export abstract class GuardRounds {
  abstract countPages(guardId: number): Promise<number>;
  abstract page(guardId: number, page: number): Promise<string>;
}

/** Where documents stay. */
export abstract class DocumentStore {
  /** Copies the file; resolves to the address of the copy. A document of that name is replaced. */
  abstract keep(name: string, file: string): Promise<string>;
}
