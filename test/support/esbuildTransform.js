import { transformSync } from 'esbuild';

/** Strips the types from one TypeScript module; Jest runs what is left as an ES module. */
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
