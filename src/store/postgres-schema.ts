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
) WITH (fillfactor = 50);

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

-- Takes what goes-on, begins, ends or is-used; tells of each, in their order, what became of it. life and position are what was expected.
-- What is done with a session as a whole is said apart. It names the item that it goes with, as an exchange does: 1 is the first.
CREATE FUNCTION put(items json, apart json, exchanges json, most bigint) RETURNS json LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  line mock%ROWTYPE;
  before mock%ROWTYPE;
  had session%ROWTYPE;
  item record;
  refused text[] := array_fill(NULL::text, ARRAY[json_array_length(items)]);
  outcomes json;
BEGIN
  SELECT * INTO STRICT line FROM mock FOR UPDATE;
  before := line;

  -- What is done with a session as a whole, one after the other.
  FOR item IN
    SELECT * FROM json_to_recordset(apart) AS _ (
      nth integer, name text, life text, position bigint, kind text, new_life text, numbers bigint, keeps boolean, used bigint,
      bind text[], unbind text[], keep_id text, keep_texts json, forget text[]
    )
  LOOP
    SELECT * INTO had FROM session s WHERE s.name = item.name;
    refused[item.nth] := CASE
      WHEN item.life IS DISTINCT FROM had.life OR item.position <> had.position THEN 'lost'
      WHEN item.life IS NULL AND item.kind <> 'begins' THEN 'lost'
      WHEN item.bind IS NOT NULL AND EXISTS (
        SELECT FROM unnest(item.bind) AS k JOIN binding b ON b.key = k WHERE b.name <> item.name
      ) THEN 'lost'
      WHEN item.life IS NULL AND line.sessions >= most THEN 'full'
    END;
    CONTINUE WHEN refused[item.nth] IS NOT NULL;

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
    CONTINUE WHEN item.kind = 'ends';
    IF item.kind = 'begins' THEN
      line.sessions := line.sessions + 1;
      INSERT INTO session (name, life, position, begun, used, requests, numbers, controls, has_changed)
      VALUES (item.name, item.new_life, 0, item.used, item.used, 0, item.numbers, item.numbers, false);
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

  -- Then one more piece and its requests for each, all at once.
  WITH item AS MATERIALIZED (
    SELECT * FROM ROWS FROM (json_to_recordset(items) AS (
      name text, life text, position bigint, kind text, new_life text, piece text, has_changed boolean, requests bigint, used bigint
    )) WITH ORDINALITY AS _ (name, life, position, kind, new_life, piece, has_changed, requests, used, nth)
  ),
  done AS (
    UPDATE session s
    SET position = s.position + CASE i.kind WHEN 'is-used' THEN 0 ELSE 1 END, used = greatest(s.used, i.used),
      requests = s.requests + i.requests, has_changed = s.has_changed OR coalesce(i.has_changed, false)
    FROM item i
    WHERE s.name = i.name AND i.kind <> 'ends' AND refused[i.nth] IS NULL AND s.life = coalesce(i.new_life, i.life)
      AND (i.kind = 'is-used' OR s.position = CASE i.kind WHEN 'begins' THEN 0 ELSE i.position END)
    RETURNING s.name, s.life, s.position, i.kind, i.piece, i.nth
  ),
  grown AS (INSERT INTO piece SELECT d.life, d.position, 0, d.piece FROM done d WHERE d.kind <> 'is-used'),
  added AS (
    INSERT INTO exchange (place, name, id, size, text)
    SELECT line.place + row_number() OVER (ORDER BY x.place), d.name, x.id, x.size, x.text
    FROM ROWS FROM (json_to_recordset(exchanges) AS (nth integer, id text, size bigint, text text)) WITH ORDINALITY AS x (nth, id, size, text, place)
    JOIN done d ON d.nth = x.nth
    RETURNING exchange.size
  )
  SELECT (
      SELECT json_agg(coalesce(refused[i.nth], CASE WHEN d.nth IS NOT NULL OR i.kind = 'ends' THEN 'kept' ELSE 'lost' END) ORDER BY i.nth)
      FROM item i LEFT JOIN done d ON d.nth = i.nth
    ), line.place + count(*), line.bytes + coalesce(sum(a.size), 0)
  INTO outcomes, line.place, line.bytes FROM added a;

  IF line IS DISTINCT FROM before THEN
    UPDATE mock SET sessions = line.sessions, place = line.place, bytes = line.bytes;
  END IF;
  IF line.place > before.place THEN
    PERFORM pg_notify(current_schema(), '');
  END IF;
  RETURN outcomes;
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
          CROSS JOIN LATERAL (SELECT * FROM ${of}.session s WHERE s.name = u.name OFFSET 0) s
          CROSS JOIN LATERAL (
            SELECT u.position, coalesce(u.life = s.life AND u.position BETWEEN s.base AND s.position, false) AS is_part
          ) k
        ) f ON true`,
    put: `SELECT ${of}.put($1, $2, $3, $4) AS outcomes`,
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
