// Where a pipeline starts, and what it refuses (P3, P4).
import { describe, expect, it } from 'vitest';
import type { PositionOrder, SourcePosition } from '../../../src/change/position.ts';
import type { TableKey } from '../../../src/change/table-key.ts';
import { planStart, type StartFacts } from '../../../src/mirror/start-plan.ts';
import { thrownBy } from '../../support/thrown-by.ts';

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
    logEnd: position(200),
    tables: Object.entries(places).map(([key, place]) => ({
      key: key as TableKey,
      place: place === null ? null : position(place),
      known: place === null ? null : '7:1',
      isToBegin: false,
      now: '7:1',
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

  it('P4: refuses a source whose log ends before a place, as a restored one does', () => {
    const text = /lake=120 source=119/;
    expect(() => planStart(facts({ logEnd: position(119) }))).toThrow(text);
    expect(() => planStart(facts({ logEnd: position(119), acceptGap: { from: '120', to: '119' } }))).toThrow(text);
    expect(planStart(facts({ logEnd: position(120) })).from).toBe('100');
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

  it('needs no log for tables whose copy begins, and refuses where another one does', () => {
    const begins = facts({ logStart: null });
    const tables = begins.tables.map((table) => ({ ...table, isToBegin: true }));
    expect(planStart({ ...begins, tables })).toEqual({ from: null, toCopy: [], acceptedGap: null });
    const error = thrownBy(() => planStart({ ...begins, tables: [tables[0], begins.tables[1]] }));
    expect(error.code).toBe('E2106');
  });

  it('P3: refuses a table that was out of the log for a while; one that was never copied is copied', () => {
    const table = { key: 'a' as TableKey, place: position(100), known: '7:1', isToBegin: false, now: '7:2' };
    const error = thrownBy(() => planStart(facts({ tables: [table] })));
    expect(error.code).toBe('E2108');
    expect(error.message).toMatch(/table=a mark=7:2 known=7:1$/);
    expect(planStart(facts({ tables: [{ ...table, known: null }] })).toCopy).toEqual([]);
    expect(planStart(facts({ tables: [{ ...table, place: null }] })).toCopy).toEqual(['a']);
  });

  it('P3: refuses a log that begins after the place, with both positions', () => {
    const error = thrownBy(() => planStart(facts({ logStart: position(101) })));
    expect(error.code).toBe('E2104');
    expect(error.message).toMatch(/lake=100 source=101 behind_bytes=1$/);
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
      const error = thrownBy(() => planStart(facts({ identity })));
      expect(error.code).toBe('E2105');
      expect(error.message).toContain(`${name}=2`);
    }
  });

  it('refuses when the log is gone', () => {
    expect(() => planStart(facts({ logStart: null }))).toThrowError(expect.objectContaining({ code: 'E2106' }));
  });
});
