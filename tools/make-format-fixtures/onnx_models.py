"""ONNX models with initializers stored in each way that ONNX has."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 20261127


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    read = {
        "raw": random.standard_normal((3, 4)).astype(np.float32),
        "half": random.standard_normal(5).astype(np.float16),
        "double": random.standard_normal((2, 2)),
        "integers": np.arange(4, dtype=np.int64),
        "scalar": np.float32(2.5).reshape(()),
        "empty": np.zeros((0, 3), np.float32),
        "fields": random.standard_normal((2, 3)).astype(np.float32),
        "external": random.standard_normal((4, 2)).astype(np.float32),
    }
    initializers = []
    for name, value in read.items():
        if name == "fields":
            initializers.append(helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.ravel()))
        else:
            initializers.append(numpy_helper.from_array(value, name))
    typed = helper.make_tensor("typed", TensorProto.INT64, [3], [1, -2, 300])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["raw"], ["y"])], "g", [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 4])], initializers + [typed])
    model = helper.make_model(graph, producer_name="make_format_fixtures")
    external = next(tensor for tensor in model.graph.initializer if tensor.name == "external")
    data = b"padding." + external.raw_data
    (folder / "weights.data").write_bytes(data)
    onnx.external_data_helper.set_external_data(
        external, "weights.data", offset=8, length=len(external.raw_data))
    external.ClearField("raw_data")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return {"model.onnx": read}
