-- The small shop of docker-compose.yml. Its tables belong to the role that mirrors them, because only a table's owner
-- may add it to a publication; elsewhere create the publication yourself and give the role REPLICATION and SELECT.
CREATE ROLE tributary LOGIN REPLICATION PASSWORD 'tributary';
GRANT CREATE ON DATABASE shop TO tributary;
GRANT CREATE ON SCHEMA public TO tributary;

SET ROLE tributary;

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  amount numeric(18, 2) NOT NULL,
  status text NOT NULL DEFAULT 'new',
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO customers (email) SELECT format('customer%s@example.com', number) FROM generate_series(1, 100) AS number;
INSERT INTO orders (customer_id, amount) SELECT 1 + number % 100, number * 1.25 FROM generate_series(1, 1000) AS number;
