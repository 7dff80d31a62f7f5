// The shop on a MySQL or MariaDB server, with types that are easy to lose something of.
import mysql from 'mysql2/promise';
import { gtidOrder } from '../../source/mysql/gtids.ts';
import { readPosition } from '../../source/mysql/server.ts';
import { mysqlPasswordFile, startLocalMysql } from './local-mysql.ts';
import type { MysqlPrograms } from './mysql-programs.ts';
import {
  type HighestIds,
  type Shop,
  SHOP_DATABASE,
  type ShopSession,
  type ShopSize,
  SUM_DIGITS,
  SUM_NULL,
  SUM_SEPARATOR,
  type TableSum,
} from './shop.ts';

const TABLES = `
create table if not exists customers (
  id bigint unsigned auto_increment primary key,
  email varchar(200) not null,
  name varchar(200) not null,
  address json not null,
  interests set('books', 'music', 'films'),
  credit decimal(12, 2) not null default 0,
  newsletter boolean,
  created_at timestamp(6) not null default current_timestamp(6)
);
create table if not exists products (
  id bigint auto_increment primary key,
  sku varchar(20) not null,
  price decimal(10, 2) not null,
  weight double,
  attributes json,
  description longtext not null,
  picture varbinary(100),
  updated_at datetime(6) not null default current_timestamp(6)
);
create table if not exists orders (
  id bigint auto_increment primary key,
  customer_id bigint not null,
  status enum('new', 'paid', 'shipped') not null default 'new',
  total decimal(18, 2) not null default 0,
  note text,
  placed_at timestamp(6) not null default current_timestamp(6),
  shipped_on date
);
create table if not exists order_items (
  order_id bigint not null,
  line smallint not null,
  product_id bigint not null,
  quantity integer unsigned not null,
  price decimal(10, 2) not null,
  primary key (order_id, line)
);
create table if not exists payments (
  id char(36) primary key,
  order_id bigint not null,
  amount decimal(20, 6) not null,
  method varchar(20) not null,
  paid_at datetime(3) not null default current_timestamp(3),
  key payments_order (order_id)
);
`;

const CITIES = ['Lisbon', 'Köln', '京都', 'São Paulo'];

/** Starts the server in the directory, and makes the shop where it is absent. Throws what `startLocalMysql` throws. */
export async function openMysqlShop(programs: MysqlPrograms, directory: string, size: ShopSize): Promise<Shop> {
  const server = await startLocalMysql(programs, directory);
  try {
    await withConnection(server.url, (connection) =>
      connection.query(`create database if not exists ${SHOP_DATABASE}`),
    );
    const url = `${server.url}/${SHOP_DATABASE}`;
    await withConnection(url, (connection) => prepare(connection, size));
    return {
      address: [
        `url: ${programs.kind}://root@127.0.0.1:${server.port}`,
        `password: ${JSON.stringify(`\${file:${mysqlPasswordFile(directory)}}`)}`,
      ],
      schema: SHOP_DATABASE,
      positions: gtidOrder,
      logEnd: () =>
        withConnection(url, (connection) =>
          readPosition({ query: (statement) => textRows(connection, statement) }, programs.kind),
        ),
      withSession: (use) => withConnection(url, (connection) => use(new MysqlSession(connection))),
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function prepare(connection: mysql.Connection, size: ShopSize): Promise<void> {
  await connection.query(TABLES);
  const [product] = await textRows(connection, 'select id from products limit 1');
  if (product !== undefined) return;
  // In one transaction: a start that is killed leaves an empty shop.
  await connection.query('begin');
  for (let number = 1; number <= size.products; number++) await run(connection, newProduct(number));
  for (let number = 1; number <= size.customers; number++) await run(connection, newCustomer(number));
  for (let number = 1; number <= size.orders; number++) {
    const order = { customer: 1 + (number % size.customers), product: number, lines: 1 + (number % 4) };
    await run(connection, newOrder(order));
  }
  await connection.query('commit');
}

/** Statements with the values of their places. */
type Statements = readonly [text: string, values: readonly (string | number | Buffer | null)[]];

function newProduct(number: number): Statements {
  const attributes = JSON.stringify({ color: number % 9, tags: ['a', 'b'] });
  const picture = Buffer.from([number, 0, 255, number % 7]);
  const text = `insert into products (sku, price, weight, attributes, description, picture)
    values (?, ?, ?, ?, repeat(md5(?), 400), ?)`;
  return [text, [`SKU-${number}`, (number % 500) + 0.99, number / 8, attributes, number, picture]];
}

function newCustomer(number: number): Statements {
  const address = JSON.stringify({ city: CITIES[number % 4], zip: String(number % 100_000).padStart(5, '0') });
  const interests = [null, '', 'music', 'books,films', 'books,music,films'][number % 5];
  const text = `insert into customers (email, name, address, interests, credit, newsletter) values (?, ?, ?, ?, ?, ?)`;
  const newsletter = [1, 0, null][number % 3];
  return [
    text,
    [`customer${number}@example.com`, `Customer ${number}`, address, interests, (number % 1000) + 0.05, newsletter],
  ];
}

function newOrder(order: { readonly customer: number; readonly product: number; readonly lines: number }): Statements {
  const { customer, product, lines } = order;
  const text = `insert into orders (customer_id, note) values (?, ?);
    set @o = last_insert_id();
    insert into order_items (order_id, line, product_id, quantity, price)
      select @o, l.line, p.id, 1 + l.line % 3, p.price
      from (select 1 as line union all select 2 union all select 3 union all select 4 union all select 5) l
      join products p on p.id = 1 + (? + l.line * 7) % (select max(id) from products) where l.line <= ?;
    set @total = (select sum(price * quantity) from order_items where order_id = @o);
    update orders set total = @total where id = @o;
    insert into payments (id, order_id, amount, method) values (uuid(), @o, round(@total / 3, 6), 'card')`;
  return [text, [customer, lines > 3 ? 'gift' : null, product, lines]];
}

class MysqlSession implements ShopSession {
  private readonly connection: mysql.Connection;

  constructor(connection: mysql.Connection) {
    this.connection = connection;
  }

  async highestIds(): Promise<HighestIds> {
    const text = `select (select coalesce(max(id), 1) from customers) as customers, (select coalesce(max(id), 1) from products) as products,
      (select coalesce(max(id), 1) from orders) as orders`;
    const [row] = await textRows(this.connection, text);
    return { customers: Number(row['customers']), products: Number(row['products']), orders: Number(row['orders']) };
  }

  placeOrder(order: { customer: number; product: number; lines: number }): Promise<number> {
    return this.transaction(newOrder(order));
  }

  shipOrder(order: number): Promise<number> {
    const text = `update orders set shipped_on = if(status = 'paid', current_date, null),
      status = if(status = 'new', 'paid', 'shipped') where id = ? and status <> 'shipped'`;
    return this.transaction([text, [order]]);
  }

  cancelOrder(order: number): Promise<number> {
    const text = `delete from order_items where order_id = ?; delete from payments where order_id = ?;
      delete from orders where id = ?`;
    return this.transaction([text, [order, order, order]]);
  }

  reprice(product: number, percent: number): Promise<number> {
    const text = `update products set price = greatest(0.01, round(price * (100 + ?) / 100, 2)), updated_at = current_timestamp(6)
      where id = ?`;
    return this.transaction([text, [percent, product]]);
  }

  renumberItem(order: number): Promise<number> {
    return this.transaction(['update order_items set line = line + 100 where order_id = ? and line = 1', [order]]);
  }

  signUp(customer: number): Promise<number> {
    return this.transaction(newCustomer(customer));
  }

  async changeOfMind({ customer, product }: { customer: number; product: number }): Promise<void> {
    const [text, values] = newOrder({ customer, product, lines: 3 });
    await run(this.connection, [`begin; ${text}; rollback`, values]);
  }

  async sumOf(table: string): Promise<TableSum> {
    const columns = await textRows(
      this.connection,
      `select column_name as name, data_type as type from information_schema.columns
        where table_schema = '${SHOP_DATABASE}' and table_name = '${table}' order by ordinal_position`,
    );
    const nothing = this.connection.escape(SUM_NULL);
    const texts = columns.map(({ name, type }) => `coalesce(${textExpression(name ?? '', type ?? '')}, ${nothing})`);
    const row = `concat_ws(char(${SUM_SEPARATOR.charCodeAt(0)} using utf8mb4), ${texts.join(', ')})`;
    const checksum = `cast(conv(left(md5(${row}), ${SUM_DIGITS}), 16, 10) as decimal(20, 0))`;
    const [sum] = await textRows(
      this.connection,
      `select count(*) as number, coalesce(sum(${checksum}), 0) as checksum from ${table}`,
    );
    return { rows: Number(sum['number']), checksum: sum['checksum'] ?? '' };
  }

  private async transaction([text, values]: Statements): Promise<number> {
    const results = await run(this.connection, [`begin; ${text}; commit`, values]);
    return results.reduce((sum, { affectedRows }) => sum + affectedRows, 0);
  }
}

/** The text that the lake's row JSON has of the same value. */
function textExpression(name: string, type: string): string {
  switch (type) {
    case 'datetime':
      return `date_format(${name}, '%Y-%m-%dT%H:%i:%s.%f')`;
    case 'timestamp':
      return `date_format(${name}, '%Y-%m-%dT%H:%i:%s.%fZ')`;
    case 'varbinary':
      return `lower(hex(${name}))`;
    case 'set':
      return `if(${name} = '', '[]', concat('["', replace(${name}, ',', '","'), '"]'))`;
    default:
      return `cast(${name} as char)`;
  }
}

/** What each of the statements did, in order. */
async function run(
  connection: mysql.Connection,
  [text, values]: Statements,
): Promise<readonly mysql.ResultSetHeader[]> {
  const [results] = await connection.query<mysql.ResultSetHeader | mysql.ResultSetHeader[]>(text, [...values]);
  return Array.isArray(results) ? results : [results];
}

/** The rows of a query, every value as the text that the server prints. */
async function textRows(
  connection: mysql.Connection,
  statement: string,
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const [rows] = await connection.query<(mysql.RowDataPacket & Record<string, string | null>)[]>(statement);
  return rows;
}

async function withConnection<Result>(
  url: string,
  use: (connection: mysql.Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await mysql.createConnection({
    uri: url,
    multipleStatements: true,
    typeCast: (field) => field.string('utf8'),
  });
  // The statement under way reports the loss of the connection.
  connection.on('error', () => undefined);
  try {
    await connection.query("set session time_zone = '+00:00'");
    return await use(connection);
  } finally {
    await connection.end();
  }
}
