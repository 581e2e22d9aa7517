"""The peers of the container's bench: the same model behind FastAPI or LitServe.

    python container-peer.py fastapi|fastapi-tuned|litserve <model.onnx> <port>

`fastapi` is as its documentation writes it (a pydantic model, a plain `def` in the thread pool), `fastapi-tuned` as one
who measures would (the body read and written by orjson, no models, no thread pool), `litserve` as its documentation
writes it. All of them give the session one thread, as the container does.
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


def serve_fastapi():
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


def serve_fastapi_tuned():
    import orjson
    import uvicorn
    from fastapi import FastAPI, Request, Response

    app, session = FastAPI(), open_session()

    @app.post("/invocations")
    async def invocations(request: Request):
        instances = orjson.loads(await request.body())["instances"]
        body = orjson.dumps({"predictions": predict(session, instances)})
        return Response(body, media_type="application/json")

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def serve_litserve():
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

    server = litserve.LitServer(Api(api_path="/invocations"), accelerator="cpu")
    server.run(port=port, host="127.0.0.1", generate_client_file=False)


if __name__ == "__main__":
    {"fastapi": serve_fastapi, "fastapi-tuned": serve_fastapi_tuned, "litserve": serve_litserve}[peer]()
