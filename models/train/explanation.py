"""The explanation model of tumour-screening, after clinical.py has trained its features and classifier.

  python explanation.py <folder with features/model.onnx and classifier/model.onnx> <out.onnx>

  features float[N,34], probability float[N,1] -> contributions float[N,34], calibrated float[N,1]

Contributions are those of a logistic regression on the same features, to the log odds of label 1: a surrogate that
knows the data and not the classifier, so that either can be replaced alone. Calibration is Platt's: a logistic
function of the classifier's log odds, fitted on rows that no model was trained on.
"""
import sys
import numpy as np, pandas as pd, onnxruntime as ort
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import train_test_split
from common import *

SOURCE, OUT = sys.argv[1], sys.argv[2]
EPS = 1e-4

b = load_breast_cancer(as_frame=True)
X, y = b.data.copy(), b.target.to_numpy()
num = list(X.columns)
sizes = pd.cut(X["mean radius"], [0, 11.5, 14, 17, 99], labels=["small", "medium", "large", "huge"]).astype(str)
X = X.astype(np.float32)
X = X.mask(np.random.default_rng(3).random(X.shape) < 0.03)  # the same measurements missing as in clinical.py
pre, clf = (ort.InferenceSession(f"{SOURCE}/{n}/model.onnx") for n in ("features", "classifier"))
f = pre.run(None, {"numeric": X.to_numpy(np.float32), "categorical": sizes.to_numpy(object)[:, None]})[0]
p = clf.run(None, {"features": f})[1][:, 1]
tr, te = train_test_split(np.arange(len(y)), test_size=0.25, random_state=0)

surrogate = LogisticRegression(C=0.1, max_iter=2000).fit(f[tr], y[tr])
logit = lambda q: np.log(np.clip(q, EPS, 1 - EPS) / (1 - np.clip(q, EPS, 1 - EPS)))
fit = lambda rows: LogisticRegression(C=1.0).fit(logit(p[rows])[:, None], y[rows])
half, other = te[::2], te[1::2]
trial = fit(half).predict_proba(logit(p[other])[:, None])[:, 1]
print(f"Brier score on held-out rows: raw {brier_score_loss(y[other], p[other]):.4f}, calibrated {brier_score_loss(y[other], trial):.4f}")
print(f"surrogate agrees with the classifier on {((surrogate.predict(f[te]) == (p[te] > .5)).mean()):.4f} of {len(te)} held-out rows")
platt = fit(te)
a, c = float(platt.coef_[0, 0]), float(platt.intercept_[0])

h = helper.make_node
nodes = [h("Mul", ["features", "w"], ["contributions"]), h("Clip", ["probability", "lo", "hi"], ["q"]), h("Sub", ["one", "q"], ["r"]),
         h("Div", ["q", "r"], ["odds"]), h("Log", ["odds"], ["z"]), h("Mul", ["z", "a"], ["az"]), h("Add", ["az", "c"], ["t"]), h("Sigmoid", ["t"], ["calibrated"])]
f32 = lambda name, v: const(name, np.array(v, np.float32))
inits = [f32("w", surrogate.coef_[0]), f32("lo", EPS), f32("hi", 1 - EPS), f32("one", 1.0), f32("a", a), f32("c", c)]
size = save(nodes, [vi("features", T.FLOAT, ["N", 34]), vi("probability", T.FLOAT, ["N", 1])],
            [vi("contributions", T.FLOAT, ["N", 34]), vi("calibrated", T.FLOAT, ["N", 1])], inits, OUT, ml=False)
got = ort.InferenceSession(OUT).run(None, {"features": f, "probability": p[:, None]})
print(f"{size} bytes, max |calibrated - sklearn| {np.abs(got[1][:, 0] - platt.predict_proba(logit(p)[:, None])[:, 1]).max():.1e}; a {a:.4f} c {c:.4f}")
