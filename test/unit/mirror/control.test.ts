// What is done about altered tables, and what becomes of wishes. P33, P34.
import { expect, test } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import { PipelineControl } from '../../../src/mirror/control.ts';

const TABLE = tableKey('public', 't');

test('the catalog is looked at first, then the table is copied, whatever rows fit before', () => {
  const control = new PipelineControl();
  control.fits(TABLE);
  expect(control.altered(TABLE, 'columns')).toBe('restart');
  control.fits(TABLE);
  expect(control.altered(TABLE, 'columns')).toBe('copy');
  expect(control.altered(TABLE, 'columns')).toBe('restart');
  control.evolved(TABLE);
  expect(control.altered(TABLE, 'columns')).toBe('restart');
});

test('rows that may be others are copied at once', () => {
  expect(new PipelineControl().altered(TABLE, 'rows')).toBe('copy');
});

test('a table that never fits is stopped after twenty copies; one that fits in between is not', () => {
  const control = new PipelineControl();
  for (let time = 0; time < 20; time++) expect(control.altered(TABLE, 'rows')).toBe('copy');
  expect(control.altered(TABLE, 'rows')).toBe('stop');
  control.fits(TABLE);
  expect(control.altered(TABLE, 'rows')).toBe('copy');
});

test('wishes are refused once the pipeline has ended', async () => {
  const control = new PipelineControl();
  const before = control.ask('resync', TABLE);
  control.close();
  await expect(before).rejects.toMatchObject({ code: 'E6022' });
  await expect(control.ask('resync', TABLE)).rejects.toMatchObject({ code: 'E6022' });
});

test('a wish that the pipeline does not get to is withdrawn; one that it has taken up is not', async () => {
  const control = new PipelineControl();
  const patience = new AbortController();
  const taken = control.ask('pause', TABLE, patience.signal);
  const [wish] = control.take();
  const waiting = control.ask('resume', TABLE, patience.signal);
  patience.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'E6025' });
  expect(control.isAsked).toBe(false);
  wish.granted();
  await taken;
});
