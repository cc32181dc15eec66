/** The embedded object store in a separate process: `store.ts FOLDER BUCKET`. */
import { startObjectStore } from '../../local-stack/embedded/objectStore.ts';

const [directory = '', bucket = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit());
const store = await startObjectStore({ port: 0, directory, bucket });
process.send?.({ port: Number(new URL(store.endpoint).port) });
