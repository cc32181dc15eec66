/**
 * Makes Node's own errors count as `Error` in tests. Jest runs every test file in a realm of its own, so an error
 * that Node makes (ECONNREFUSED, ECONNRESET, …) is no `instanceof Error` there; the AWS SDK then wraps it, its code
 * is lost, and nothing is retried. Import it where the S3 adapter meets connections that fail.
 */
import { types } from 'node:util';

Object.defineProperty(Error, Symbol.hasInstance, {
  value: function isInstance(this: typeof Error, value: unknown): boolean {
    // Subclasses inherit this; they ask as ever.
    return this === Error
      ? types.isNativeError(value)
      : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
