import { transformSync } from 'esbuild';

/** Removes the types from a TypeScript module, which Jest then runs as an ES module. */
export default {
  process: (source, path) =>
    transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node24',
      sourcemap: 'inline',
      sourcefile: path,
    }),
};
