// Figures of Step Functions: executions and state transitions per second, in process and over the wire, Express and
// Standard (durable, with history), a Map of 10,000 items, memory of waiting executions, JSONata beside JSONPath, and
// a database of a million executions. Where ASL_PEER names a folder with aws-local-stepfunctions in its node_modules,
// that engine runs in turn with ours.
// Run: npx node bench/states.ts [chains] [peer] [wire] [maps] [waiting] [large] [kill]
import { chains, peer } from './states-chains.ts';
import { kill } from './states-kill.ts';
import { large } from './states-large.ts';
import { maps, waiting } from './states-maps.ts';
import { wire } from './states-wire-rates.ts';

const PARTS = { chains, peer, wire, maps, waiting, large, kill };

const asked = process.argv.slice(2);
for (const name of asked) {
  if (!(name in PARTS)) throw new RangeError(`no part "${name}": ${Object.keys(PARTS).join(', ')}`);
}
for (const [name, part] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  await part();
}
