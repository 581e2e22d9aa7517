"""The peers of the container's bench: the same model behind FastAPI or LitServe, as their documentation writes it.

    python container-peer.py fastapi|litserve <model.onnx> <port>
"""
import sys

import numpy as np
import onnxruntime

peer, model, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
DTYPES = {"tensor(float)": np.float32, "tensor(string)": object, "tensor(uint8)": np.uint8}


def open_session():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def predict(session, instances):
    feeds = {i.name: np.array([row[i.name] for row in instances], DTYPES[i.type]) for i in session.get_inputs()}
    outputs = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    return [{name: rows[n].tolist() for name, rows in outputs.items()} for n in range(len(instances))]


if peer == "fastapi":
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    app, session = FastAPI(), open_session()

    class Request(BaseModel):
        instances: list[dict]

    @app.post("/invocations")
    def invocations(request: Request):
        return {"predictions": predict(session, request.instances)}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
else:
    import litserve

    class Api(litserve.LitAPI):
        def setup(self, device):
            self.session = open_session()

        def decode_request(self, request):
            return request["instances"]

        def predict(self, instances):
            return predict(self.session, instances)

        def encode_response(self, predictions):
            return {"predictions": predictions}

    if __name__ == "__main__":
        litserve.LitServer(Api(api_path="/invocations"), accelerator="cpu").run(port=port, host="127.0.0.1", generate_client_file=False)
