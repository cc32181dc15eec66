/**
 * Bundles each function into a folder of `dist`, which is zipped for Lambda and used on this machine. It has `index.js`
 * and pieces that are loaded when needed.
 */
import { realpathSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type OutputFile, stop } from 'esbuild';
import { explainFolder } from '../../lib/folderFaults.ts';
import { builtInModules } from './bundlePlugins.ts';

export const FUNCTIONS = ['getImages', 'postImages', 'putImages', 'sweepImages'] as const;

const ROOT = resolve(import.meta.dirname, '../..');

/** Some packages still call `require`, which ES modules lack. */
const BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * Builds all functions. A read-only folder that already has the same bundles is left as it is.
 *
 * @throws esbuild's error, whose message has the place of every fault; one sentence when `folder` cannot be written
 */
export async function buildFunctions(folder: string = join(ROOT, 'dist')): Promise<void> {
  const bundled = Promise.all(FUNCTIONS.map((name) => bundle(name, folder)));
  // Otherwise esbuild's process, with about 350 MB, would run as long as this one.
  const outputFiles = (await bundled.finally(() => stop())).flat();
  try {
    await replaceFile(join(folder, 'package.json'), Buffer.from('{"type":"module"}\n'));
    await Promise.all(outputFiles.map((file) => replaceFile(file.path, Buffer.from(file.contents))));
  } catch (error) {
    throw explainFolder(folder, error, 'make it writable, or copy the project to a folder that is yours');
  }
}

/** The files of one function. Functions are bundled separately, so that their folders share no pieces. */
async function bundle(name: string, folder: string): Promise<readonly OutputFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { index: `handlers/${name}.ts` },
    outdir: join(folder, name),
    bundle: true,
    splitting: true,
    plugins: [builtInModules],
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    banner: { js: BANNER },
    logLevel: 'silent',
    write: false,
  });
  return outputFiles;
}

/** Removes the pieces of earlier builds. A running program may still load them, so this is only done for packaging. */
async function removeOldPieces(folder: string = join(ROOT, 'dist')): Promise<void> {
  await Promise.all(
    FUNCTIONS.map(async (name) => {
      const names = await readdir(join(folder, name)).catch(() => []);
      const pieces = names.filter((each) => !/^index\.js(?:\.map)?$/.test(each));
      await Promise.all(pieces.map((each) => rm(join(folder, name, each), { force: true })));
    }),
  );
}

/** Replaces a file atomically, since another process may load a bundle meanwhile. An unchanged file is left. */
async function replaceFile(path: string, contents: Buffer): Promise<void> {
  const old = await readFile(path).catch(() => null);
  if (old?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, path);
}

/** Whether this file runs as a program. It does not use `import.meta.main`, which Node before 24.2 lacks. */
function isProgram(): boolean {
  const [, program] = process.argv;
  return program !== undefined && realpathSync(program) === import.meta.filename;
}

if (isProgram()) {
  await removeOldPieces();
  await buildFunctions().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
