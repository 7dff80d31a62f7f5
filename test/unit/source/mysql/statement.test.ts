// What statements in the log mean for tables that are followed.
import { describe, expect, test } from 'vitest';
import { statementEffect } from '../../../../src/source/mysql/statement.ts';

test.each([
  ['BEGIN', 'begin'],
  ["XA START X'616263',X'',1", 'begin'],
  ['COMMIT', 'commit'],
  ['ROLLBACK', 'rollback'],
  ['ROLLBACK TO `sp`', 'rollback-to'],
  ['rollback work to savepoint sp', 'rollback-to'],
  ['SAVEPOINT `sp`', 'none'],
  ['# Dummy event replacing event type 160', 'none'],
  ['/* ApplicationName=x */ GRANT SELECT ON *.* TO u', 'none'],
  ['ANALYZE TABLE orders', 'none'],
  ['CREATE TABLE IF NOT EXISTS orders (id int)', 'none'],
  ['CREATE TABLE other AS SELECT * FROM orders', 'none'],
  ['CREATE INDEX i ON orders (a)', 'none'],
  ['CREATE OR REPLACE VIEW v AS SELECT * FROM orders', 'none'],
  ['DROP TRIGGER orders', 'none'],
  ['DROP TEMPORARY TABLE IF EXISTS `orders`', 'none'],
  ['DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `orders`', 'none'],
  ['ALTER TABLE orders ADD COLUMN b int DEFAULT 3', 'none'],
  ['ALTER TABLE orders ADD INDEX (a), DROP INDEX b, RENAME KEY c TO d, DROP FOREIGN KEY e', 'none'],
  ["ALTER TABLE orders COMMENT='see #12; MODIFY it -- /* later', ADD INDEX (a)", 'none'],
  ["ALTER TABLE orders COMMENT='it''s #1' -- MODIFY a int", 'none'],
  ['ALTER TABLE orders ADD INDEX (a) --', 'none'],
  ['ALTER DATABASE shop CHARACTER SET utf8mb4', 'none'],
  ['insert into orders values (1)', 'rows'],
  ['WITH x AS (SELECT 1) UPDATE orders SET a = 1', 'rows'],
  ["LOAD DATA INFILE 'x' INTO TABLE orders", 'rows'],
  ['frobnicate orders', 'rows'],
])('%s: %s', (statement, kind) => {
  expect(statementEffect(statement).kind).toBe(kind);
});

test.each([
  ['TRUNCATE orders', { database: null, table: 'orders' }],
  ['truncate table `a.b`.`or``ders` /* x */', { database: 'a.b', table: 'or`ders' }],
  ['TRUNCATE TABLE `t#1`', { database: null, table: 't#1' }],
  ['TRUNCATE TABLE `t-- 1`', { database: null, table: 't-- 1' }],
  ['TRUNCATE TABLE `t/*1*/`', { database: null, table: 't/*1*/' }],
  ['TRUNCATE TABLE --\norders', { database: null, table: 'orders' }],
  ['/* c */ TRUNCATE -- c\n TABLE shop . orders', { database: 'shop', table: 'orders' }],
])('%s empties a table', (statement, table) => {
  expect(statementEffect(statement)).toEqual({ kind: 'truncate', table });
});

describe('statements after which a table may have other rows', () => {
  test.each([
    ['DROP TABLE IF EXISTS `orders`, shop.lines', ['orders', 'lines']],
    ['RENAME TABLE orders TO old, new TO orders', ['orders', 'old', 'new', 'orders']],
    ['CREATE OR REPLACE TABLE orders (id int)', ['orders']],
    ['ALTER TABLE orders DROP COLUMN a', ['orders']],
    ['ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers_ (id) ON DELETE CASCADE', ['orders']],
    ['ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers_ (id) ON DELETE SET NULL', ['orders']],
    ['ALTER ONLINE TABLE orders MODIFY a int', ['orders']],
    ['RENAME TABLE `a#b` TO orders', ['a#b', 'orders']],
    ["ALTER TABLE orders COMMENT='see #12', MODIFY a int", ['orders']],
    ["ALTER TABLE orders COMMENT='/*', MODIFY a int COMMENT '*/'", ['orders']],
    ["ALTER TABLE orders COMMENT='it\\'s #1', MODIFY a int", ['orders']],
    ["ALTER TABLE orders COMMENT='a\\', MODIFY a int COMMENT 'b'", ['orders']],
    ['ALTER TABLE orders ADD INDEX (a) --\n, MODIFY a int', ['orders']],
    ['ALTER TABLE orders /*!80000 MODIFY a int */', ['orders']],
    ['ALTER IGNORE TABLE orders ADD UNIQUE (a)', ['orders']],
    ["ALTER TABLE orders TRUNCATE PARTITION p0 COMMENT 'customers'", ['orders']],
  ])('%s', (statement, tables) => {
    const effect = statementEffect(statement);
    expect(effect.kind).toBe('definition');
    const mentions = effect.kind === 'definition' ? effect.mentions.map(({ table }) => table) : [];
    expect(mentions).toEqual(expect.arrayContaining(tables));
    expect(mentions).not.toContain('customers');
  });

  test('DROP DATABASE is about all of its tables', () => {
    const mentions = [{ database: 'shop', table: '*' }];
    expect(statementEffect('DROP DATABASE IF EXISTS `shop`')).toEqual({ kind: 'definition', mentions });
  });
});
