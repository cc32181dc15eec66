/** Bundles each function into `dist/<function>/index.js`, what is zipped for Lambda and run on this machine. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, stop } from 'esbuild';

export const FUNCTIONS = ['getImages', 'postImages', 'putImages', 'sweepImages'] as const;

const ROOT = resolve(import.meta.dirname, '..');

/** Some packages still call `require`, which an ES module does not have. */
const BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * Builds all functions.
 * @throws esbuild's own error, with the place of every fault in its message.
 */
export async function buildFunctions(folder: string = join(ROOT, 'dist')): Promise<void> {
  const bundled = build({
    absWorkingDir: ROOT,
    entryPoints: FUNCTIONS.map((name) => ({ in: `handlers/${name}.ts`, out: `${name}/index` })),
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    banner: { js: BANNER },
    logLevel: 'silent',
    write: false,
  });
  // esbuild's own process would stay, with some 350 MB, for as long as this one.
  const { outputFiles } = await bundled.finally(() => stop());
  await replaceFile(join(folder, 'package.json'), Buffer.from('{"type":"module"}\n'));
  await Promise.all(outputFiles.map((file) => replaceFile(file.path, Buffer.from(file.contents))));
}

/** Whole or not at all: another process may load a bundle while this one builds. */
async function replaceFile(path: string, contents: Buffer): Promise<void> {
  const old = await readFile(path).catch(() => null);
  if (old?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, path);
}

if (import.meta.main) {
  await buildFunctions().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
