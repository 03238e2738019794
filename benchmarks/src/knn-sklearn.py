"""scikit-learn's side of the neighbour benchmark.

Usage: knn-sklearn.py <bank> <queries> <width> <neighbours> <threads>, files of float32 rows. Reads one JSON request a line:
{"form": "cosine" or "euclidean of unit rows", "queries": n, "output": path or null} and answers {"ms": milliseconds}; the
rows found go to the output as int32. Both forms are brute force. Timed from rows in memory to neighbours, with fitting,
which only keeps the rows, and for the second form bringing rows to length 1.
"""

import json
import sys
import time

import numpy
import sklearn
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits


def main():
    bank_file, query_file, width, neighbours, threads = sys.argv[1:]
    width, neighbours, threads = int(width), int(neighbours), int(threads)
    bank = numpy.fromfile(bank_file, dtype=numpy.float32).reshape(-1, width)
    queries = numpy.fromfile(query_file, dtype=numpy.float32).reshape(-1, width)
    versions = {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        rows = queries[: request["queries"]]
        with threadpool_limits(limits=threads if threads > 0 else None):
            start = time.perf_counter()
            if request["form"] == "cosine":
                search = NearestNeighbors(n_neighbors=neighbours, algorithm="brute", metric="cosine")
                found = search.fit(bank).kneighbors(rows, return_distance=False)
            else:
                search = NearestNeighbors(n_neighbors=neighbours, algorithm="brute", metric="euclidean")
                found = search.fit(normalize(bank)).kneighbors(normalize(rows), return_distance=False)
            ms = (time.perf_counter() - start) * 1e3
        if request["output"] is not None:
            found.astype(numpy.int32).tofile(request["output"])
        print(json.dumps({"ms": ms}), flush=True)


if __name__ == "__main__":
    main()
