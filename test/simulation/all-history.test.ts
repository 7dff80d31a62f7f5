// The whole mirror under faults with all of its history kept (odd seeds): also every change is in the changelog once.
import { simulationTests } from '../support/simulation-tests.ts';

simulationTests('mirror under faults, all history kept', (seed) => seed % 2 === 1);
