// Where a pipeline starts, and what it refuses (P3, P4).
import { describe, expect, it } from 'vitest';
import type { PositionOrder, SourcePosition } from '../../../src/change/position.ts';
import type { TableKey } from '../../../src/change/table-key.ts';
import { planStart, type StartFacts } from '../../../src/mirror/start-plan.ts';

const position = (end: number): SourcePosition => String(end) as SourcePosition;
const ORDER: PositionOrder = {
  includes: (outer, inner) => Number(outer) >= Number(inner),
  earliest: (a, b) => (Number(a) <= Number(b) ? a : b),
  latest: (a, b) => (Number(a) >= Number(b) ? a : b),
  distanceBytes: (from, to) => Number(to) - Number(from),
};
const IDENTITY = { kind: 'postgres', values: { system: '1', timeline: '1', slot: 's' } } as const;

function facts(changes: Partial<StartFacts>, places: Record<string, number | null> = { a: 100, b: 120 }): StartFacts {
  return {
    pipeline: 'shop',
    positions: ORDER,
    identity: IDENTITY,
    logStart: position(90),
    tables: Object.entries(places).map(([key, place]) => ({
      key: key as TableKey,
      place: place === null ? null : position(place),
    })),
    knownIdentity: IDENTITY,
    acceptGap: null,
    ...changes,
  };
}

describe('start plan', () => {
  it('reads from the earliest place', () => {
    expect(planStart(facts({}))).toEqual({ from: '100', toCopy: [], acceptedGap: null });
  });

  it('copies tables without a place and reads from the earliest of the others', () => {
    expect(planStart(facts({}, { a: 100, b: null }))).toEqual({ from: '100', toCopy: ['b'], acceptedGap: null });
  });

  it('reads from the copy where nothing was copied and no log is kept', () => {
    expect(planStart(facts({ logStart: null }, { a: null }))).toEqual({ from: null, toCopy: ['a'], acceptedGap: null });
  });

  it('reads an unused log from its start', () => {
    expect(planStart(facts({}, { a: null })).from).toBe('90');
  });

  it('P3: refuses a log that begins after the place, with both positions', () => {
    expect(() => planStart(facts({ logStart: position(101) }))).toThrowError(
      expect.objectContaining({ code: 'E2104', message: expect.stringMatching(/lake=100 source=101 behind_bytes=1$/) }),
    );
  });

  it('goes on after exactly the gap that was accepted, and records it', () => {
    const accepted = { from: '100', to: '150' };
    expect(planStart(facts({ logStart: position(150), acceptGap: accepted }))).toEqual({
      from: '150',
      toCopy: [],
      acceptedGap: accepted,
    });
    expect(() => planStart(facts({ logStart: position(151), acceptGap: accepted }))).toThrowError(
      expect.objectContaining({ code: 'E2104' }),
    );
  });

  it('P4: refuses another server, timeline or slot', () => {
    for (const name of ['system', 'timeline', 'slot']) {
      const identity = { kind: 'postgres', values: { ...IDENTITY.values, [name]: '2' } } as const;
      expect(() => planStart(facts({ identity }))).toThrowError(
        expect.objectContaining({ code: 'E2105', message: expect.stringContaining(`${name}=2`) }),
      );
    }
  });

  it('refuses when the log is gone', () => {
    expect(() => planStart(facts({ logStart: null }))).toThrowError(expect.objectContaining({ code: 'E2106' }));
  });
});
