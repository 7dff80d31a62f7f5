// Makes config/reference.yaml and config/schema.json from src/config/options.ts: `npm run docs:config`. The tidy test
// fails when one of them is stale.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema, configReference } from '../src/config/reference.ts';

/** The files with their texts, relative to the project's folder. */
export function configFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['config/reference.yaml', configReference()],
    ['config/schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ]);
}

if (process.argv[1] === import.meta.filename) {
  for (const [path, text] of configFiles()) writeFileSync(join(import.meta.dirname, '..', path), text);
}
