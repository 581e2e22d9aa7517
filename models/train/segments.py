"""Buyer segments: a model per segment that adjusts a city model's price, for regional-prices.

  python segments.py <models/house-prices> <out folder of the .onnx files> <folder for requests.ndjson and answers.ndjson>

  house float[N,7] (yearBuilt, squareFeet, bedrooms, bathrooms, lotAcres, garageSpaces, log_price of the city's model)
    -> log_price float[N,1]
What a segment pays is generated, like the house prices themselves: each values size, rooms, land and age in its own way.
"""
import json, sys
import onnxruntime as ort
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from common import *
from tabular import houses, city_name

HOUSE_PRICES, OUT, SAMPLES = sys.argv[1:4]
SEGMENTS = ["first-time", "family", "investor", "retiree", "luxury", "student", "commuter", "relocation"]
RFF = 60


def taste(segment, num, log_price):
    """The segment's own view of a price, in logs, and its 2% of noise."""
    c = np.random.default_rng(50_000 + segment)
    year, sqft, bed, bath, lot, gar = num.astype(np.float64).T
    base, size, rooms, land, age, dear = c.uniform(-.08, .08), c.uniform(-.05, .05), c.uniform(-.04, .04), c.uniform(-.03, .03), c.uniform(-.002, .002), c.uniform(-.05, .05)
    return (log_price + base + size * np.tanh((sqft - 2600) / 700) + rooms * np.minimum(bed - 3, 2) / 2 + land * (lot - .9)
            + age * (2026 - year - 30) + dear * np.tanh((log_price - 13.4) / .4))


pre = ort.InferenceSession(f"{HOUSE_PRICES}/preprocess.onnx")
cities = [ort.InferenceSession(f"{HOUSE_PRICES}/cities/{city_name(i)}.onnx") for i in range(10)]


def estimates(num, cat, city):
    f = pre.run(None, {"numeric": num, "categorical": cat.astype(object)})[0]
    out = np.empty(len(num), np.float32)
    for i, s in enumerate(cities):
        rows = city == i
        if rows.any(): out[rows] = s.run(None, {"features": f[rows]})[0][:, 0]
    return out


def train(segment):
    rng = np.random.default_rng(60_000 + segment)
    num, cat = houses(rng, 4000)
    lp = estimates(num, cat, rng.integers(0, 10, 4000))
    x = np.concatenate([num, lp[:, None]], 1).astype(np.float32)
    y = taste(segment, num, lp) + rng.normal(0, 0.02, 4000) - lp
    sc = StandardScaler().fit(x[:3200])
    W, b = rng.normal(0, 0.35, (7, RFF)).astype(np.float32), rng.uniform(0, 2 * np.pi, RFF).astype(np.float32)
    s = sc.transform(x).astype(np.float32)
    z = np.concatenate([s, np.cos(s @ W + b)], 1)
    m = Ridge(alpha=1.0).fit(z[:3200], y[:3200])
    h = helper.make_node
    nodes = [h("Sub", ["house", "mean"], ["c"]), h("Mul", ["c", "scale"], ["s"]), h("Gemm", ["s", "W", "b"], ["p"]), h("Cos", ["p"], ["k"]), h("Concat", ["s", "k"], ["z"], axis=1),
             h("Gemm", ["z", "w", "b0"], ["change"]), h("Slice", ["house", "six", "seven", "ax"], ["before"]), h("Add", ["before", "change"], ["log_price"])]
    inits = [const("mean", sc.mean_.astype(np.float32)), const("scale", (1 / sc.scale_).astype(np.float32)), const("W", W), const("b", b), const("w", m.coef_.astype(np.float32)[:, None]),
             const("b0", np.array([m.intercept_], np.float32)), const("six", np.array([6], np.int64)), const("seven", np.array([7], np.int64)), const("ax", np.array([1], np.int64))]
    path = f"{OUT}/{SEGMENTS[segment]}.onnx"
    size = save(nodes, [vi("house", T.FLOAT, ["N", 7])], [vi("log_price", T.FLOAT, ["N", 1])], inits, path, ml=False)
    got = ort.InferenceSession(path).run(None, {"house": x[3200:]})[0][:, 0]
    truth = taste(segment, num, lp)[3200:]
    print(f"{SEGMENTS[segment]:11s} {size} B, change R2 {m.score(z[3200:], y[3200:]):.3f}, mean |error| against the noiseless truth {np.abs(np.exp(got - truth) - 1).mean():.2%}, before adjusting {np.abs(np.exp(lp[3200:] - truth) - 1).mean():.2%}")


for k in range(len(SEGMENTS)): train(k)
models = [ort.InferenceSession(f"{OUT}/{s}.onnx") for s in SEGMENTS]
rng = np.random.default_rng(8)
with open(f"{HOUSE_PRICES}/requests.ndjson") as rq, open(f"{SAMPLES}/requests.ndjson", "w") as out, open(f"{SAMPLES}/answers.ndjson", "w") as an:
    for line in rq:
        house = json.loads(line)["instances"][0]
        k = int(rng.integers(0, len(SEGMENTS)))
        num = np.array([[house[n] for n in ("yearBuilt", "squareFeet", "bedrooms", "bathrooms", "lotAcres", "garageSpaces")]], np.float32)
        cat = np.array([[house["frontPorch"], house["deck"]]])
        i = next(i for i in range(10) if city_name(i) == house["city"])
        lp = estimates(num, cat, np.array([i]))
        after = float(models[k].run(None, {"house": np.concatenate([num, lp[:, None]], 1)})[0][0, 0])
        out.write(json.dumps({"instances": [{**house, "segment": SEGMENTS[k]}]}) + "\n")
        an.write(json.dumps({"city": house["city"], "segment": SEGMENTS[k], "price": round(float(np.exp(after))), "cityPrice": round(float(np.exp(float(lp[0]))))}) + "\n")
