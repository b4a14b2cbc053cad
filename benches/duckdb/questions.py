"""The questions of `make bench` in SQL: the same events, as an Arrow table in memory, on one thread.

Each question is written in several ways, over text columns as they are and as dictionaries; the fastest counts. The last
line printed is JSON: for each question the median of its fastest way, in seconds, and its answer.
"""

import argparse
import json
import re
import statistics
import sys
import time

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

# Columns with a value for every few events: a dictionary would be longer than the column.
UNIQUE = {"id", "request_id", "request_body", "resources"}

# The most values that an annotation names.
NAMED = 5

# Clusters per severity: from a 250th of the range, doubled to a 32nd, then regardless of who, then of what.
# The least severe level becomes as coarse as it may before the next one is touched, until all fit under the cap.
CHOICE = """
WITH steps(step, width, by_principal, by_class) AS (
    SELECT row_number() OVER (ORDER BY by_class DESC, by_principal DESC, width) - 1, * FROM (
        SELECT least($nearest * 2 ** k, $coarsest)::BIGINT AS width, true AS by_principal, true AS by_class
        FROM range(4) AS doubled(k)
        UNION ALL VALUES ($coarsest, false, true), ($coarsest, false, false))
), levels AS (
    SELECT severity, fine, principal, risk_class, count(*) AS events
    FROM (SELECT severity, principal, risk_class, (epoch_ns(time) - $start) // $nearest AS fine FROM events)
    GROUP BY ALL
), annotations AS (
    SELECT coalesce(position(severity[1] IN 'lmhc'), 0) AS level, severity, step, width, by_principal, by_class,
        count(DISTINCT (fine * $nearest // width,
            CASE WHEN by_principal THEN principal END, CASE WHEN by_class THEN risk_class END)) AS annotations
    FROM levels, steps GROUP BY ALL
), finest AS (SELECT level, annotations FROM annotations WHERE step = 0),
coarse AS (SELECT level, annotations FROM annotations WHERE step = (SELECT max(step) FROM steps)),
totals AS (
    SELECT *, annotations
        + coalesce((SELECT sum(annotations) FROM coarse WHERE coarse.level < m.level), 0)
        + coalesce((SELECT sum(annotations) FROM finest WHERE finest.level > m.level), 0) AS total
    FROM annotations AS m
), reached AS (
    SELECT level, step FROM totals WHERE total <= $cap ORDER BY level, step LIMIT 1
), chosen AS (
    SELECT m.severity, m.width, m.by_principal, m.by_class FROM annotations AS m, reached
    WHERE m.step = CASE WHEN m.level = reached.level THEN reached.step
        WHEN m.level < reached.level THEN (SELECT max(step) FROM steps) ELSE 0 END
), clustered AS (
    SELECT e.*, (epoch_ns(time) - $start) // width AS part,
        CASE WHEN by_principal THEN principal END AS by_who, CASE WHEN by_class THEN risk_class END AS by_what
    FROM events AS e JOIN chosen AS c ON e.severity IS NOT DISTINCT FROM c.severity
)
"""

WORDS = {
    "who": "coalesce(principal, 'unknown principal')",
    "what": "method",
    "which": "coalesce(resource_name, resource_id)",
    "result": "status::VARCHAR || ' ' || status_class",
    "origin": "source_ip",
    "risk": "risk_class",
}

FACTS = """severity, part, by_who, by_what, min(time) AS time, max(time) AS time_end, count(*) AS events,
    arg_min(id, time) AS id, count(*) FILTER (status_class = 'denied') AS denied,
    list(DISTINCT product) AS products, list(DISTINCT region) AS regions,
    list(DISTINCT status_class) AS status_classes, list(DISTINCT risk_class) AS risk_classes"""


def annotations_in_one_pass():
    """The words of each annotation as maps from word to count."""
    words = ", ".join(f"histogram({sql}) AS {name}" for name, sql in WORDS.items())
    return f"{CHOICE} SELECT {FACTS}, {words} FROM clustered GROUP BY ALL ORDER BY time"


KEY = "severity, part, by_who, by_what"


def described(counted):
    """Facts of each annotation, and the most frequent of its counted words."""
    same = " AND ".join(f"f.{column} IS NOT DISTINCT FROM t.{column}" for column in KEY.split(", "))
    return f"""{CHOICE}, counted AS ({counted}), facts AS (SELECT {FACTS} FROM clustered GROUP BY ALL),
    most AS (SELECT {KEY}, question, arg_max(word, times, {NAMED}) AS words, max(times, {NAMED}) AS times, count(*) AS of
        FROM counted WHERE word IS NOT NULL GROUP BY ALL),
    described AS (SELECT {KEY}, map_from_entries(list((question, (words, times, of)))) AS words FROM most GROUP BY ALL)
    SELECT f.*, t.words FROM facts AS f JOIN described AS t ON {same} ORDER BY time"""


def annotations_word_by_word():
    """The words of each annotation, counted question by question."""
    counts = (
        f"SELECT {KEY}, '{name}' AS question, {sql} AS word, count(*) AS times FROM clustered GROUP BY ALL"
        for name, sql in WORDS.items()
    )
    return described(" UNION ALL ".join(counts))


def annotations_in_grouping_sets():
    """The words of each annotation, counted in one scan."""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in WORDS.items())
    sets = ", ".join(f"({KEY}, {name})" for name in WORDS)
    grouping = f"grouping({', '.join(WORDS)})"
    bits = {name: (1 << len(WORDS)) - 1 - (1 << len(WORDS) - 1 - index) for index, name in enumerate(WORDS)}
    question = " ".join(f"WHEN {bit} THEN '{name}'" for name, bit in bits.items())
    return described(
        f"""SELECT {KEY}, CASE {grouping} {question} END AS question, coalesce({", ".join(WORDS)}) AS word, count(*) AS times
        FROM (SELECT {KEY}, {columns} FROM clustered) GROUP BY GROUPING SETS ({sets})"""
    )


COUNTS = """SELECT (epoch_ns(time) - $first) // $width AS bucket, coalesce(principal, '(none)') AS principal, count(*) AS events
    FROM events GROUP BY ALL"""

def text(conditions):
    """The number of events with the text in any column."""
    return f"SELECT count(*) AS events FROM events WHERE {' OR '.join(conditions)}"


def measure(connection, sql, parameters, runs):
    """The median of several runs after one that warms up, and the answer."""
    used = {name: value for name, value in parameters.items() if f"${name}" in sql}
    answer = connection.sql(sql, params=used).to_arrow_table()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = connection.sql(sql, params=used).to_arrow_table()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), answer


def severities(annotations):
    """The comparable figures: the number of annotations, and of the events of each severity."""
    events = {}
    for severity, count in zip(annotations["severity"].to_pylist(), annotations["events"].to_pylist()):
        events[severity or "none"] = events.get(severity or "none", 0) + count
    return {"annotations": annotations.num_rows, "events": events}


def main():
    """Asks all questions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", required=True)
    parser.add_argument("--start", type=int, required=True, help="the range's start, nanoseconds since 1970")
    parser.add_argument("--end", type=int, required=True, help="the range's end")
    parser.add_argument("--first", type=int, required=True, help="the start of the first bucket, nanoseconds since 1970")
    parser.add_argument("--width", type=int, required=True, help="the width of a bucket, nanoseconds")
    parser.add_argument("--text", required=True)
    parser.add_argument("--cap", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    arguments = parser.parse_args()

    plain = pa.ipc.open_file(arguments.events).read_all().combine_chunks()
    is_text = [pa.types.is_string(field.type) and field.name not in UNIQUE for field in plain.schema]
    dictionaries = pa.table(
        [pc.dictionary_encode(column).combine_chunks() if text else column for text, column in zip(is_text, plain.columns)],
        names=plain.column_names,
    )
    # The request body and the resources travel as bytes; SQL searches text.
    for name in ("request_body", "resources"):
        plain = plain.set_column(plain.column_names.index(name), name, plain[name].cast(pa.string()))
        dictionaries = dictionaries.set_column(dictionaries.column_names.index(name), name, plain[name])

    length = arguments.end - arguments.start
    nearest = length // 1000 * 4
    parameters = {
        "start": arguments.start,
        "length": length,
        "first": arguments.first,
        "width": arguments.width,
        "nearest": nearest,
        "coarsest": max(length // 32, nearest),
        "cap": arguments.cap,
        "text": re.escape(arguments.text),
        "like": f"%{arguments.text}%",
    }
    unsearched = {"time", "risk_class", "severity", "attack", "status", *UNIQUE}
    # Short columns first: an event that matches there is not searched in long ones.
    searched = [name for name in plain.column_names if name not in unsearched]
    searched += ["status::VARCHAR", "id", "request_id", "request_body", "resources"]
    questions = {
        "annotations": {
            "one pass": annotations_in_one_pass(),
            "word by word": annotations_word_by_word(),
            "grouping sets": annotations_in_grouping_sets(),
        },
        "counts": {"one pass": COUNTS},
        "text": {
            "ILIKE": text(f"{column} ILIKE $like" for column in searched),
            "regular expression": text(f"regexp_matches({column}, $text, 'i')" for column in searched),
            "regular expression on all": text([f"regexp_matches(concat_ws(chr(10), {', '.join(searched)}), $text, 'i')"]),
        },
    }

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    report = {"version": duckdb.__version__, "rows": plain.num_rows}
    for question, ways in questions.items():
        tried = {}
        for source, table in (("text", plain), ("dictionaries", dictionaries)):
            connection.register("events", table)
            for way, sql in ways.items():
                print(f"        DuckDB, {question}: {way}, {source}", file=sys.stderr)
                tried[f"{way}, {source}"] = measure(connection, sql, parameters, arguments.runs)
            connection.unregister("events")
        fastest = min(tried, key=lambda way: tried[way][0])
        seconds, answer = tried[fastest]
        report[question] = {
            "seconds": seconds,
            "way": fastest,
            "tried": {way: round(seconds, 4) for way, (seconds, _) in tried.items()},
        }
        if question == "annotations":
            report[question]["answer"] = severities(answer)
        elif question == "counts":
            report[question]["answer"] = [list(row.values()) for row in answer.to_pylist()]
        else:
            report[question]["answer"] = answer["events"][0].as_py()
    print(json.dumps(report))


main()
