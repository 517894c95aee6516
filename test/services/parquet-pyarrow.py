"""Writes Parquet files with pyarrow, and compares what is left after an erasure with what should be.

    parquet-pyarrow.py write FOLDER       files of many kinds, the same every time
    parquet-pyarrow.py check LIST         LIST: JSON [{"source", "output", "erased": [row, ...]}, ...];
                                          prints JSON, a list of what is wrong for each
"""
import datetime
import decimal
import json
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1500


def table(seed):
    draw = random.Random(seed)
    maybe = lambda make, odds=5: [None if draw.randrange(odds) == 0 else make(row) for row in range(ROWS)]
    word = lambda row: "word %d" % draw.randrange(60)
    person = lambda row: {"name": "name %032x" % draw.getrandbits(128), "born": draw.choice([None, 1950, 1999])}
    day = lambda row: datetime.date(1970, 1, 1) + datetime.timedelta(days=draw.randrange(20000))
    moment = lambda row: datetime.datetime(2000, 1, 1) + datetime.timedelta(microseconds=draw.randrange(10**15))
    price = lambda row: decimal.Decimal(draw.randrange(-10**6, 10**6)) / 100
    items = lambda row: [word(row) if draw.randrange(4) else None for _ in range(draw.randrange(4))]
    columns = {
        "id": pa.array(range(ROWS), pa.int64()),
        "canary": pa.array(["canary-%032x" % draw.getrandbits(128) for _ in range(ROWS)]),
        "word": pa.array(maybe(word)),
        "category": pa.array(maybe(word)).dictionary_encode(),
        "flag": pa.array(maybe(lambda row: draw.randrange(2) == 0)),
        "small": pa.array(maybe(lambda row: draw.randrange(-100, 100)), pa.int8()),
        "unsigned": pa.array(maybe(lambda row: draw.getrandbits(32)), pa.uint32()),
        "half": pa.array(maybe(lambda row: draw.randrange(2000) / 8), pa.float16()),
        "single": pa.array(maybe(lambda row: draw.random()), pa.float32()),
        "double": pa.array(maybe(lambda row: draw.choice([draw.random(), float("nan"), -0.0]))),
        "price": pa.array(maybe(price), pa.decimal128(9, 2)),
        "huge": pa.array(maybe(price), pa.decimal256(60, 2)),
        "day": pa.array(maybe(day)),
        "moment": pa.array(maybe(moment), pa.timestamp("us")),
        "instant": pa.array(maybe(moment), pa.timestamp("ms", "UTC")),
        "clock": pa.array(maybe(lambda row: draw.randrange(86400000)), pa.int32()).cast(pa.time32("ms")),
        "bytes": pa.array(maybe(lambda row: draw.randbytes(draw.randrange(20)))),
        "fixed": pa.array(maybe(lambda row: draw.randbytes(7)), pa.binary(7)),
        "person": pa.array(maybe(person)),
        "tags": pa.array(maybe(items), pa.list_(pa.string())),
        "map": pa.array(maybe(lambda row: [("k%d" % k, draw.randrange(99)) for k in range(draw.randrange(4))]),
                        pa.map_(pa.string(), pa.int32())),
        "nothing": pa.nulls(ROWS, pa.string()),
    }
    return pa.table(columns)


def write(folder):
    delta = {"word": "DELTA_BYTE_ARRAY", "canary": "DELTA_LENGTH_BYTE_ARRAY", "id": "DELTA_BINARY_PACKED",
             "single": "BYTE_STREAM_SPLIT", "double": "BYTE_STREAM_SPLIT", "fixed": "DELTA_BYTE_ARRAY",
             "flag": "RLE", "unsigned": "DELTA_BINARY_PACKED"}
    kinds = {
        "plain": dict(compression="none", use_dictionary=False),
        "checksums-v1": dict(compression="snappy", write_page_checksum=True, data_page_size=2000, write_batch_size=64),
        "checksums-v2": dict(compression="zstd", write_page_checksum=True, data_page_version="2.0",
                             data_page_size=2000, write_batch_size=64, write_page_index=True),
        "index": dict(compression="gzip", write_page_index=True, data_page_size=1000, write_batch_size=32),
        "delta": dict(compression="lz4", use_dictionary=False, column_encoding=delta, data_page_version="2.0",
                      data_page_size=3000, write_batch_size=64),
        "fall-back": dict(compression="brotli", dictionary_pagesize_limit=600, data_page_size=1000,
                          write_batch_size=32),
        "int96": dict(use_deprecated_int96_timestamps=True, version="1.0"),
        "groups": dict(row_group_size=100, store_schema=False),
        "sorted": dict(sorting_columns=[pq.SortingColumn(0)], write_page_index=True, data_page_size=1500,
                       write_batch_size=50),
    }
    names = []
    for seed, (name, options) in enumerate(kinds.items()):
        content = table(seed)
        if name == "int96":
            content = content.drop_columns(["half", "huge"])
        pq.write_table(content, "%s/%s.parquet" % (folder, name), **options)
        names.append(name)
    print(json.dumps(names))


def read(path, **options):
    return pq.ParquetFile(path, **options)


def plain(content):
    """Timestamps as numbers: Python has none of nanoseconds."""
    for index, field in enumerate(content.schema):
        if pa.types.is_timestamp(field.type) or pa.types.is_time(field.type):
            numbers = pa.int32() if field.type.bit_width == 32 else pa.int64()
            content = content.set_column(index, field.name, content.column(index).cast(numbers))
    return content


def rows_of(content):
    return [repr(row) for row in plain(content).to_pylist()]


def byte_arrays(file):
    columns = [file.schema.column(index) for index in range(len(file.schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def reads_dictionary(path, column):
    """Arrow makes no dictionary of some delta encodings and nested columns: then there is nothing to compare with."""
    try:
        read(path, read_dictionary=[column]).read()
        return True
    except (OSError, NotImplementedError) as error:
        if "implemented" not in str(error):
            raise
        return False


def check(entry):
    faults = []
    source, output = read(entry["source"]), read(entry["output"])
    erased = set(entry["erased"])
    before = rows_of(source.read())
    expected = [row for number, row in enumerate(before) if number not in erased]
    compare = lambda name, rows: rows == expected or faults.append("%s: other rows" % name)
    compare("read", rows_of(output.read()))
    batches = [pa.Table.from_batches([batch]) for batch in read(entry["output"]).iter_batches(batch_size=97)]
    compare("iter_batches", [row for batch in batches for row in rows_of(batch)])
    texts = [path for path in byte_arrays(output) if reads_dictionary(entry["source"], path)]
    compare("read_dictionary", rows_of(read(entry["output"], read_dictionary=texts).read()))
    checked = read(entry["output"], page_checksum_verification=True)
    compare("page_checksum_verification", rows_of(checked.read()))
    if source.schema_arrow != output.schema_arrow or source.metadata.metadata != output.metadata.metadata:
        faults.append("schema or metadata differ")
    if source.metadata.created_by != output.metadata.created_by:
        faults.append("created_by differs")
    return faults


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2])
    else:
        print(json.dumps([check(entry) for entry in json.load(open(sys.argv[2]))]))
