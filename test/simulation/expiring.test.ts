// The whole mirror under faults while what nobody needs expires (even seeds): what a retained cut names stays.
import { simulationTests } from '../support/simulation-tests.ts';

simulationTests('mirror under faults, expiring', (seed) => seed % 2 === 0);
