/**
 * Says in one sentence when the project does not run on Node 24.
 *
 * npm puts Node 24 into node_modules/.bin as an optional package of the platform; an optional package that
 * could not be fetched is skipped in silence, and the scripts would then run on whatever Node the machine has.
 */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `This project runs on Node 24, but these scripts run on ${process.version}: ` +
      'run "npm ci" again (its optional node-* package brings Node 24), or install Node 24 yourself.',
  );
  process.exit(1);
}
