// The shop on the embedded PostgreSQL, with types that are easy to lose something of.
import pg from 'pg';
import { formatLsn, lsnOrder, parseLsn } from '../../source/postgres/lsn.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
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
  id bigint generated always as identity primary key,
  email text not null,
  name text not null,
  address jsonb not null,
  tags text[],
  credit numeric(12, 2) not null default 0,
  newsletter boolean,
  created_at timestamptz not null default clock_timestamp()
);
create table if not exists products (
  id bigint generated always as identity primary key,
  sku varchar(20) not null,
  price numeric(10, 2) not null,
  weight double precision,
  attributes json,
  sizes integer[],
  -- Stored out of line: an update of the price leaves it out of the log, and the mirror must keep it.
  description text not null,
  picture bytea,
  updated_at timestamp not null default clock_timestamp()::timestamp
);
alter table products alter column description set storage external;
create table if not exists orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null,
  status text not null default 'new',
  total numeric(18, 2) not null default 0,
  note text,
  placed_at timestamptz not null default clock_timestamp(),
  shipped_on date
);
create table if not exists order_items (
  order_id bigint not null,
  line smallint not null,
  product_id bigint not null,
  quantity integer not null,
  price numeric(10, 2) not null,
  primary key (order_id, line)
);
create table if not exists payments (
  id uuid primary key default gen_random_uuid(),
  order_id bigint not null,
  amount numeric not null,
  method text not null,
  paid_at timestamp(3) not null default clock_timestamp()::timestamp(3)
);
create index if not exists payments_order on payments (order_id);
`;

// Every function is one transaction of the load and returns how many rows it changed.
const FUNCTIONS = `
create or replace function place_order(customer bigint, product bigint, lines integer) returns integer language plpgsql as $$
declare o bigint; sum numeric; products_count bigint;
begin
  select max(id) into products_count from products;
  insert into orders (customer_id, note) values (customer, case when lines > 3 then 'gift' end) returning id into o;
  insert into order_items
    select o, line, p.id, 1 + line % 3, p.price from generate_series(1, lines) line
    join products p on p.id = 1 + (product + line * 7) % products_count;
  select sum_of.total into sum from (select coalesce(sum(price * quantity), 0) as total from order_items where order_id = o) sum_of;
  update orders set total = sum where id = o;
  insert into payments (order_id, amount, method) values (o, sum / 3, 'card');
  return 3 + lines;
end $$;
create or replace function ship_order(o bigint) returns integer language plpgsql as $$
declare n integer;
begin
  update orders set status = case status when 'new' then 'paid' else 'shipped' end,
    shipped_on = case status when 'paid' then current_date end where id = o and status <> 'shipped';
  get diagnostics n = row_count;
  return n;
end $$;
create or replace function cancel_order(o bigint) returns integer language plpgsql as $$
declare n integer; total integer := 0;
begin
  delete from order_items where order_id = o;
  get diagnostics n = row_count; total := total + n;
  delete from payments where order_id = o;
  get diagnostics n = row_count; total := total + n;
  delete from orders where id = o;
  get diagnostics n = row_count;
  return total + n;
end $$;
create or replace function reprice(product bigint, percent integer) returns integer language plpgsql as $$
declare n integer;
begin
  update products set price = greatest(0.01, round(price * (100 + percent) / 100, 2)), updated_at = clock_timestamp()::timestamp
    where id = product;
  get diagnostics n = row_count;
  return n;
end $$;
create or replace function renumber_item(o bigint) returns integer language plpgsql as $$
declare n integer;
begin
  -- The key of a row changes.
  update order_items set line = line + 100 where order_id = o and line = 1;
  get diagnostics n = row_count;
  return n;
end $$;
create or replace function sign_up(n bigint) returns integer language plpgsql as $$
begin
  insert into customers (email, name, address, tags, credit, newsletter)
    values (format('customer%s@example.com', n), format('Customer %s', n),
      jsonb_build_object('city', (array['Lisbon', 'Köln', '京都', 'São Paulo'])[1 + n % 4], 'zip', lpad((n % 100000)::text, 5, '0')),
      case n % 5 when 0 then null when 1 then '{}' else array['new', 'tag ' || n % 7, null] end, n % 1000 + 0.05,
      case n % 3 when 0 then true when 1 then false end);
  return 1;
end $$;
`;

const FIRST_ROWS = `
insert into products (sku, price, weight, attributes, sizes, description, picture)
  select format('SKU-%s', n), (n % 500) + 0.99, n / 8.0, json_build_object('color', n % 9, 'tags', array['a', 'b']),
    array[n % 40, null, n % 7]::integer[], repeat(md5(n::text), 400), decode(md5(n::text), 'hex')
  from generate_series(1, $products) n;
select sign_up(n) from generate_series(1, $customers) n;
select place_order(1 + n % $customers, n, (1 + n % 4)::integer) from generate_series(1, $orders) n;
`;

/** Starts the server in the directory, and makes the shop where it is absent. Throws what `startEmbeddedPostgres` throws. */
export async function openPostgresShop(directory: string, size: ShopSize): Promise<Shop> {
  const server = await startEmbeddedPostgres({ directory });
  try {
    const url = await preparePostgresShop(server.url, size);
    return {
      address: [
        'host: 127.0.0.1',
        `port: ${server.port}`,
        'user: postgres',
        `database: ${SHOP_DATABASE}`,
        `password: ${JSON.stringify(`\${file:${directory}/password}`)}`,
      ],
      schema: 'public',
      positions: lsnOrder,
      logEnd: () =>
        withClient(url, async (client) => {
          const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
          return formatLsn(parseLsn(rows[0].lsn));
        }),
      withSession: (use) => withPostgresSession(url, use),
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Makes the database and its first rows where they are absent; gives the URL of the database. */
export async function preparePostgresShop(serverUrl: string, size: ShopSize): Promise<string> {
  const url = new URL(serverUrl);
  url.pathname = `/${SHOP_DATABASE}`;
  await withClient(serverUrl, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [SHOP_DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${SHOP_DATABASE}`);
  });
  await withClient(url.href, async (client) => {
    await client.query(TABLES);
    await client.query(FUNCTIONS);
    const found = await client.query('select 1 from products limit 1');
    if (found.rowCount !== 0) return;
    await client.query(FIRST_ROWS.replace(/\$(\w+)/g, (_, name: keyof ShopSize) => String(size[name])));
  });
  return url.href;
}

/** Connects to the shop's database, calls `use`, and closes the connection whatever happens. */
export function withPostgresSession<Result>(
  url: string,
  use: (session: ShopSession) => Promise<Result>,
): Promise<Result> {
  return withClient(url, (client) => use(new PostgresSession(client)));
}

class PostgresSession implements ShopSession {
  private readonly client: pg.Client;

  constructor(client: pg.Client) {
    this.client = client;
  }

  async highestIds(): Promise<HighestIds> {
    const text = `select (select coalesce(max(id), 1) from customers) as customers, (select coalesce(max(id), 1) from products) as products,
      (select coalesce(max(id), 1) from orders) as orders`;
    const [row] = (await this.client.query<Record<keyof HighestIds, string>>(text)).rows;
    return { customers: Number(row.customers), products: Number(row.products), orders: Number(row.orders) };
  }

  placeOrder({ customer, product, lines }: { customer: number; product: number; lines: number }): Promise<number> {
    return this.call(`place_order(${customer}, ${product}, ${lines})`);
  }

  shipOrder(order: number): Promise<number> {
    return this.call(`ship_order(${order})`);
  }

  cancelOrder(order: number): Promise<number> {
    return this.call(`cancel_order(${order})`);
  }

  reprice(product: number, percent: number): Promise<number> {
    return this.call(`reprice(${product}, ${percent})`);
  }

  renumberItem(order: number): Promise<number> {
    return this.call(`renumber_item(${order})`);
  }

  signUp(customer: number): Promise<number> {
    return this.call(`sign_up(${customer})`);
  }

  async changeOfMind({ customer, product }: { customer: number; product: number }): Promise<void> {
    await this.client.query(`begin; select place_order(${customer}, ${product}, 3); rollback`);
  }

  sumOf(table: string): Promise<TableSum> {
    return sumOf(this.client, table);
  }

  private async call(expression: string): Promise<number> {
    const [row] = (await this.client.query<{ changed: number }>(`select ${expression} as changed`)).rows;
    return row.changed;
  }
}

/** Connects, calls `use`, and closes the connection whatever happens. */
async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  // The statement under way reports the loss of the connection.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

interface Column {
  readonly column_name: string;
  readonly data_type: string;
}

async function sumOf(client: pg.Client, table: string): Promise<TableSum> {
  const { rows: columns } = await client.query<Column>(
    `select column_name, data_type from information_schema.columns
      where table_schema = 'public' and table_name = $1 order by ordinal_position`,
    [table],
  );
  const texts = columns.map((column) => `coalesce(${textExpression(column)}, '${SUM_NULL}')`);
  const row = texts.join(` || chr(${SUM_SEPARATOR.charCodeAt(0)}) || `);
  const { rows } = await client.query<{ count: string; sum: string }>(
    `select count(*)::text as count, coalesce(sum(('x' || substr(md5(${row}), 1, ${SUM_DIGITS}))::bit(60)::bigint), 0)::text as sum
      from public.${table}`,
  );
  return { rows: Number(rows[0].count), checksum: rows[0].sum };
}

/** The text that the lake's row JSON has of the same value. */
function textExpression({ column_name: name, data_type: type }: Column): string {
  switch (type) {
    case 'timestamp without time zone':
      return `to_char("${name}", 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
    case 'timestamp with time zone':
      return `to_char("${name}" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    case 'bytea':
      return `encode("${name}", 'hex')`;
    case 'ARRAY':
      return `array_to_json("${name}")::text`;
    default:
      return `"${name}"::text`;
  }
}
