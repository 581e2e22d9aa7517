"""pandas with onnxruntime on the same file, in chunks of 50,000 rows. Lines of JSON in and out, as batch-floor.ts."""
import json
import pathlib
import resource
import sys
import time

import numpy
import onnxruntime
import pandas

MODELS = pathlib.Path(__file__).parent.parent / "models" / "house-prices"
NUMERIC = ["yearBuilt", "squareFeet", "bedrooms", "bathrooms", "lotAcres", "garageSpaces"]
SPREAD = 1.645 * 0.0543


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


preprocess = session(MODELS / "preprocess.onnx")
cities = {path.stem: session(path) for path in (MODELS / "cities").glob("*.onnx")}


def price(chunk):
    features = preprocess.run(
        ["features"],
        {
            "numeric": chunk[NUMERIC].to_numpy(numpy.float32),
            "categorical": chunk[["frontPorch", "deck"]].to_numpy(object),
        },
    )[0]
    log = numpy.zeros(len(chunk), numpy.float64)
    for city, places in chunk.groupby("city").indices.items():
        log[places] = cities[city].run(["log_price"], {"features": features[places]})[0].ravel()
    dollars = lambda values: numpy.rint(numpy.exp(values)).astype(numpy.int64)
    return pandas.DataFrame(
        {
            "price": dollars(log),
            "low": dollars(log - SPREAD),
            "high": dollars(log + SPREAD),
            "city": chunk["city"].to_numpy(),
            "model": (chunk["city"] + ".tar.gz").to_numpy(),
            "error": "",
        }
    )


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    begun = time.perf_counter()
    begun_cpu = time.process_time()
    rows = 0
    with open(order["to"], "w") as output:
        for chunk in pandas.read_csv(order["from"], chunksize=50_000):
            price(chunk).to_csv(output, index=False, header=rows == 0)
            rows += len(chunk)
    took = (time.perf_counter() - begun) * 1000
    cpu = (time.process_time() - begun_cpu) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": rows, "tookMs": took, "peakMb": peak, "cpuMs": cpu}), flush=True)
