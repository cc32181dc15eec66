#!/usr/bin/env node
/** The package's command. The program itself is loaded only where Node is new enough to read it. */
const LEAST = 20;

const [major] = process.versions.node.split('.').map(Number);
if (major < LEAST) {
  console.error(
    `emf-exporter needs Node ${LEAST} or later, but this is v${process.versions.node}: install a newer one from nodejs.org.`,
  );
  process.exit(1);
}
import('./main.ts');
