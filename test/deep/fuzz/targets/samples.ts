/** Seeds for targets: the sample pages, pictures and events of the project. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../..');

export const samplePages = (): readonly Buffer[] => filesOf('static/sample', /\.html$/);
export const sampleStyles = (): readonly Buffer[] => filesOf('static/sample', /\.css$/);
export const sampleImages = (): readonly Buffer[] => [
  ...filesOf('test/lib/image/samples', /\.(?!md$)\w+$/),
  ...filesOf('static/sample', /\.svg$/),
];
export const sampleEvents = (): readonly Buffer[] => filesOf('events', /\.json$/);

function filesOf(folder: string, wanted: RegExp): readonly Buffer[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => wanted.test(name))
    .sort()
    .map((name) => readFileSync(join(root, folder, name)));
}
