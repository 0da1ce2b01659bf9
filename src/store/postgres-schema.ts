/**
 * What a database holds for one mock, in a schema of its own, so that several live in one database.
 *
 * Whoever changes what is kept first locks the one row of `mock`, and holds it for one statement: a function of the database. So all
 * servers stand in one line. The order of commits is that of the journal's places, the number of sessions is exact, and nobody waits for
 * somebody who waits for them. A server that stops in the middle holds nothing: no lock outlasts a round trip. Each statement in such a
 * function sees what was committed when it begins, and not just what was when the function was called: what was done by those before in
 * the line (https://www.postgresql.org/docs/current/xfunc-volatility.html). `compact` and `take` lock one session only, and nothing after it.
 */

/** What leads from one format to the next. Names are found in the schema: it is the search path while they run. Never change one that was released. */
const STEPS: readonly string[] = [
  `
CREATE TABLE mock (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  format integer NOT NULL,
  sessions bigint NOT NULL DEFAULT 0,
  -- The journal's: the last place taken, the last one let go, and the sum of the sizes.
  place bigint NOT NULL DEFAULT 0,
  gone bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0
);

-- Names are in the order of their bytes, which is that of JavaScript for names of sessions.
CREATE TABLE session (
  name text COLLATE "C" PRIMARY KEY,
  life text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  -- Up to this position the log is what compact put there.
  base bigint NOT NULL DEFAULT 0,
  begun bigint NOT NULL,
  used bigint NOT NULL,
  requests bigint NOT NULL,
  -- The last numbers taken.
  numbers bigint NOT NULL,
  controls bigint NOT NULL,
  has_changed boolean NOT NULL,
  has_lost boolean NOT NULL DEFAULT false
);
CREATE INDEX ON session (has_changed, used);

-- A piece of a log is part 0 of its position; what compact puts there is parts 1 and up of the position that it reaches.
CREATE TABLE piece (
  life text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  part integer NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (life, position, part)
);

CREATE TABLE kept (
  name text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  texts json NOT NULL,
  PRIMARY KEY (name, id)
);

-- A key may be longer than what a primary key's index takes.
CREATE TABLE binding (
  key text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  EXCLUDE USING hash (key WITH =)
);
CREATE INDEX ON binding (name);

-- Without a text: what is before it of this session is forgotten.
CREATE TABLE exchange (
  place bigint PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  id text,
  size bigint NOT NULL,
  text text
);
CREATE INDEX ON exchange (name);

INSERT INTO mock (format) VALUES (0);

-- Takes what goes-on, begins, ends or is-used, in this order; tells of each what became of it. life and position are what was expected.
CREATE FUNCTION put(items json, most bigint) RETURNS json LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  line mock%ROWTYPE;
  before mock%ROWTYPE;
  had session%ROWTYPE;
  item record;
  outcome text;
  outcomes text[] := '{}';
BEGIN
  SELECT * INTO STRICT line FROM mock FOR UPDATE;
  before := line;
  FOR item IN
    SELECT * FROM json_to_recordset(items) AS _ (
      name text, life text, position bigint, kind text, new_life text, numbers bigint, keeps boolean, piece text, has_changed boolean,
      requests bigint, used bigint, exchanges json, bind text[], unbind text[], keep_id text, keep_texts json, forget text[]
    )
  LOOP
    SELECT * INTO had FROM session s WHERE s.name = item.name;
    outcome := CASE
      WHEN item.life IS DISTINCT FROM had.life OR item.position <> had.position THEN 'lost'
      WHEN item.life IS NULL AND item.kind <> 'begins' THEN 'lost'
      WHEN item.bind IS NOT NULL AND EXISTS (
        SELECT FROM unnest(item.bind) AS k JOIN binding b ON b.key = k WHERE b.name <> item.name
      ) THEN 'lost'
      WHEN item.life IS NULL AND line.sessions >= most THEN 'full'
      ELSE 'kept'
    END;
    outcomes := outcomes || outcome;
    CONTINUE WHEN outcome <> 'kept';

    IF item.kind IN ('begins', 'ends') AND item.life IS NOT NULL THEN
      DELETE FROM session s WHERE s.name = item.name;
      DELETE FROM piece p WHERE p.life = item.life;
      WITH removed AS (DELETE FROM exchange e WHERE e.name = item.name RETURNING e.size)
      SELECT line.bytes - coalesce(sum(r.size), 0) INTO line.bytes FROM removed r;
      IF NOT item.keeps THEN
        DELETE FROM binding b WHERE b.name = item.name;
        DELETE FROM kept k WHERE k.name = item.name;
      END IF;
      line.sessions := line.sessions - 1;
      line.place := line.place + 1;
      line.bytes := line.bytes + 1000;
      INSERT INTO exchange (place, name, size) VALUES (line.place, item.name, 1000);
    END IF;

    CASE item.kind
      WHEN 'ends' THEN
        CONTINUE;
      WHEN 'begins' THEN
        line.sessions := line.sessions + 1;
        INSERT INTO session (name, life, position, begun, used, requests, numbers, controls, has_changed)
        VALUES (item.name, item.new_life, 1, item.used, item.used, item.requests, item.numbers, item.numbers, item.has_changed);
        INSERT INTO piece VALUES (item.new_life, 1, 0, item.piece);
      WHEN 'goes-on' THEN
        UPDATE session s
        SET position = s.position + 1, used = greatest(s.used, item.used), requests = s.requests + item.requests,
          has_changed = s.has_changed OR item.has_changed
        WHERE s.name = item.name;
        INSERT INTO piece VALUES (item.life, item.position + 1, 0, item.piece);
      WHEN 'is-used' THEN
        UPDATE session s SET used = greatest(s.used, item.used), requests = s.requests + item.requests WHERE s.name = item.name;
    END CASE;

    IF item.exchanges IS NOT NULL THEN
      WITH added AS (
        INSERT INTO exchange
        SELECT line.place + x.nth, item.name, x.id, x.size, x.text
        FROM ROWS FROM (json_to_recordset(item.exchanges) AS (id text, size bigint, text text)) WITH ORDINALITY AS x (id, size, text, nth)
        RETURNING exchange.size
      )
      SELECT line.place + count(*), line.bytes + coalesce(sum(a.size), 0) INTO line.place, line.bytes FROM added a;
    END IF;
    IF item.unbind IS NOT NULL THEN
      DELETE FROM binding b WHERE b.name = item.name AND b.key = ANY (item.unbind);
    END IF;
    IF item.bind IS NOT NULL THEN
      INSERT INTO binding SELECT DISTINCT k, item.name FROM unnest(item.bind) AS k ON CONFLICT DO NOTHING;
    END IF;
    IF item.forget IS NOT NULL THEN
      DELETE FROM kept k WHERE k.name = item.name AND k.id = ANY (item.forget);
    END IF;
    IF item.keep_id IS NOT NULL THEN
      INSERT INTO kept VALUES (item.name, item.keep_id, item.keep_texts) ON CONFLICT (name, id) DO UPDATE SET texts = excluded.texts;
    END IF;
  END LOOP;

  IF line IS DISTINCT FROM before THEN
    UPDATE mock SET sessions = line.sessions, place = line.place, bytes = line.bytes;
  END IF;
  IF line.place > before.place THEN
    PERFORM pg_notify(current_schema(), '');
  END IF;
  RETURN array_to_json(outcomes);
END $$;

-- The texts are written before the session is locked, since everybody waits for whoever appends to it.
CREATE FUNCTION compact(of_name text, of_life text, upto bigint, texts json) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM session s WHERE s.name = of_name AND s.life = of_life AND s.base < upto AND s.position >= upto;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO piece SELECT of_life, upto, t.nth, t.text FROM json_array_elements_text(texts) WITH ORDINALITY AS t (text, nth) ON CONFLICT DO NOTHING;
  UPDATE session s SET base = upto WHERE s.name = of_name AND s.life = of_life AND s.base < upto AND s.position >= upto;
  IF NOT FOUND THEN
    RAISE 'somebody was first' USING ERRCODE = 'AM001';
  END IF;
  DELETE FROM piece p WHERE p.life = of_life AND (p.position, p.part) <= (upto, 0);
EXCEPTION WHEN SQLSTATE 'AM001' THEN
  -- What was written is undone by now.
END $$;

-- Lets the oldest requests go until the rest takes so many bytes.
CREATE FUNCTION let_go(most bigint) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  line mock%ROWTYPE;
  cut bigint;
BEGIN
  PERFORM FROM mock WHERE mock.bytes > most;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT line FROM mock FOR UPDATE;
  IF line.bytes <= most THEN
    RETURN;
  END IF;
  SELECT f.place INTO STRICT cut
  FROM (SELECT e.place, sum(e.size) OVER (ORDER BY e.place) AS so_far FROM exchange e WHERE e.place > line.gone) f
  WHERE f.so_far >= line.bytes - most
  ORDER BY f.place LIMIT 1;
  WITH removed AS (DELETE FROM exchange e WHERE e.place <= cut RETURNING e.name, e.size, e.text IS NOT NULL AS is_request),
  marked AS (UPDATE session s SET has_lost = true WHERE NOT s.has_lost AND s.name IN (SELECT r.name FROM removed r WHERE r.is_request))
  UPDATE mock SET gone = cut, bytes = line.bytes - (SELECT sum(r.size) FROM removed r);
END $$;
`,
]

/** What a database is written in. A change of what it holds, functions included, is one more step. */
export const FORMAT = STEPS.length

/** Brings a schema from a format (0: it is empty) to this one. Runs in a transaction; the schema is there. */
export function upgrade(schema: string, from: number): string {
  return [`SET LOCAL search_path TO ${quoted(schema)}, pg_temp`, ...STEPS.slice(from), `UPDATE mock SET format = ${FORMAT}`].join(';\n')
}

/** An identifier as SQL has it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** What is asked of the tables. */
export type Asked =
  | 'find'
  | 'put'
  | 'takeRequests'
  | 'takeControls'
  | 'kept'
  | 'compact'
  | 'names'
  | 'unused'
  | 'givingWay'
  | 'bound'
  | 'news'
  | 'letGo'
  | 'journalBytes'
  | 'check'

/** The statements for a schema. */
export function statementsOf(schema: string): Readonly<Record<Asked, string>> {
  const of = quoted(schema)
  const head = 's.name, s.life, s.position, s.begun, s.used, s.requests, s.has_changed, s.has_lost'
  const take = (numbers: string): string =>
    `UPDATE ${of}.session SET ${numbers} = ${numbers} + $3 WHERE name = $1 AND life = $2 RETURNING ${numbers} - $3 + 1 AS first`
  return {
    find: `
        SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS time, m.sessions, f.*
        FROM ${of}.mock m LEFT JOIN (
          SELECT ${head}, NOT k.is_part AS is_whole, (
            SELECT json_agg(p.text ORDER BY p.position, p.part) FROM ${of}.piece p
            WHERE p.life = s.life AND p.position > CASE WHEN k.is_part THEN k.position ELSE 0 END
          ) AS pieces
          FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (name, life, position)
          JOIN ${of}.session s ON s.name = u.name
          CROSS JOIN LATERAL (
            SELECT u.position, coalesce(u.life = s.life AND u.position BETWEEN s.base AND s.position, false) AS is_part
          ) k
        ) f ON true`,
    put: `SELECT ${of}.put($1, $2) AS outcomes`,
    takeRequests: take('numbers'),
    takeControls: take('controls'),
    kept: `SELECT texts FROM ${of}.kept WHERE name = $1 AND id = $2`,
    compact: `SELECT ${of}.compact($1, $2, $3, $4)`,
    names: `SELECT name FROM ${of}.session ORDER BY name`,
    unused: `SELECT ${head} FROM ${of}.session s WHERE s.has_changed = ANY ('{false,true}') AND s.used < $1 LIMIT $2`,
    givingWay: `SELECT ${head} FROM ${of}.session s WHERE s.has_changed = false ORDER BY s.used LIMIT 1`,
    bound: `
        SELECT b.name FROM unnest($1::text[]) WITH ORDINALITY AS k (key, nth) JOIN ${of}.binding b ON b.key = k.key
        ORDER BY k.nth LIMIT 1`,
    // About a megabyte. Where there is nothing behind the place, the row has no place.
    news: `
        SELECT a.gone, e.place, e.name, e.text, a.place > a.cut AS is_more
        FROM (
          SELECT m.gone, m.place, (
            SELECT f.place
            FROM (SELECT x.place, sum(x.size) OVER (ORDER BY x.place) AS so_far FROM ${of}.exchange x WHERE x.place > $1) f
            WHERE f.so_far >= 1000000
            ORDER BY f.place LIMIT 1
          ) AS cut
          FROM ${of}.mock m
        ) a
        LEFT JOIN ${of}.exchange e ON e.place > $1 AND e.place <= coalesce(a.cut, a.place)
        ORDER BY e.place`,
    letGo: `SELECT ${of}.let_go($1)`,
    journalBytes: `SELECT bytes FROM ${of}.mock`,
    // Something is written: a server that only reads, or has a full disk, keeps nothing.
    check: `UPDATE ${of}.mock SET place = place RETURNING place`,
  }
}
