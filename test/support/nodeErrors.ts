/**
 * Makes errors of Node pass `instanceof Error` in tests. Jest runs every test file in a separate realm, where errors
 * that Node creates (ECONNREFUSED, ECONNRESET, …) fail this check. The AWS SDK then wraps them, loses their code, and
 * does not retry. Import this file in tests where connections of the S3 adapter fail.
 */
import { types } from 'node:util';

Object.defineProperty(Error, Symbol.hasInstance, {
  value: function isInstance(this: typeof Error, value: unknown): boolean {
    // Subclasses inherit this function, and need the usual check.
    return this === Error
      ? types.isNativeError(value)
      : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
