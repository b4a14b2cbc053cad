"""The change points of ruptures' binary segmentation and PELT, as JSON: of each method, of each univariate series of a folder.

The cost is `l2`; least segment and jump are the package's defaults. It has no default penalty: `bic` is that of its user guide,
`log(n) * variance of the noise`, with the noise's deviation by the median difference of neighbours; `mbic` is that of R's
changepoint package, `3 * log(n)`, for values divided by their deviation, which the published figures were made with.
"""
import json
import pathlib
import sys

import numpy as np
import ruptures

folder = pathlib.Path(sys.argv[1])
methods = {}
for path in sorted(folder.glob("*.json")):
    file = json.loads(path.read_text())
    if len(file.get("series", [])) != 1:
        continue
    raw = np.array([np.nan if value is None else value for value in file["series"][0]["raw"]], dtype=float)
    known = np.flatnonzero(~np.isnan(raw))
    values = np.interp(np.arange(len(raw)), known, raw[known])
    values = (values - values.mean()) / values.std()
    noise = np.median(np.abs(np.diff(values))) / 0.6745 / np.sqrt(2)
    penalties = {"bic": np.log(len(values)) * noise**2, "mbic": 3 * np.log(len(values))}
    for name, penalty in penalties.items():
        for method, search in [("binseg", ruptures.Binseg), ("pelt", ruptures.Pelt)]:
            found = search(model="l2").fit(values).predict(pen=max(penalty, 1e-9))
            methods.setdefault(f"{method} {name}", {})[file["name"]] = [int(at) for at in found[:-1]]
print(json.dumps(methods))
