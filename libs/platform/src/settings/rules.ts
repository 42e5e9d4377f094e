import { accessSync, constants } from 'node:fs';
import { ValidateBy } from 'class-validator';

/** A class-validator rule from a plain function that returns the problem, or undefined when the value is fine. */
export function FollowsRule(
  name: string,
  problemOf: (value: unknown) => string | undefined,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => problemOf(value) === undefined,
      defaultMessage: (argument) => problemOf(argument?.value) ?? '',
    },
  });
}

/** The value is the path of a file this process may read. */
export function IsReadableFile(): PropertyDecorator {
  return FollowsRule('isReadableFile', (path) => {
    try {
      accessSync(String(path), constants.R_OK);
      return undefined;
    } catch {
      return 'must be the path of a file this process can read';
    }
  });
}
