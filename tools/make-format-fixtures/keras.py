"""HDF5 files as transformers' TensorFlow classes store weights, written with h5py.

TensorFlow is not needed: names and layout are those of `TFGPT2LMHeadModel` and
`TFBertForMaskedLM`, and transformers' own function for names confirms that they lead back to
PyTorch's. One file is contiguous, as TensorFlow writes; one is in chunks with every filter.
"""

import re

import h5py
import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM
from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name

SEED = 20261125


def with_slashes(name):
    return name.replace(".", "/").replace("_:_", "_._")


def gpt2_name(name):
    """TensorFlow's name of a parameter of GPT-2, and whether its leaf is renamed."""
    name = re.sub(r"\.h\.(\d+)\.", r".h_:_\1.", name)
    if re.search(r"ln_(1|2|f)\.", name):
        name = name.removesuffix("weight") + "gamma" if name.endswith("weight") else name.removesuffix("bias") + "beta"
    if name.endswith("wpe.weight"):
        name = name.removesuffix("weight") + "embeddings"
    return "tfgpt2lm_head_model/" + with_slashes(name) + ":0"


def bert_name(name):
    name = re.sub(r"\.layer\.(\d+)\.", r".layer_:_\1.", name)
    name = name.removeprefix("cls.") if not name.startswith("cls.") else "mlm___" + name
    if "LayerNorm" in name:
        name = name.removesuffix("weight") + "gamma" if name.endswith("weight") else name.removesuffix("bias") + "beta"
    elif "position_embeddings" in name or "token_type_embeddings" in name:
        name = name.removesuffix("weight") + "embeddings"
    elif name.endswith("weight") and "word_embeddings" not in name:
        name = name.removesuffix("weight") + "kernel"
    return "tf_bert_for_masked_lm/" + with_slashes(name) + ":0"


def confirm(tf_name, name, shape):
    found, transpose = convert_tf_weight_name_to_pt_weight_name(tf_name, "", shape)
    assert found == name, (tf_name, found, name)
    assert (transpose.value == "simple") == tf_name.endswith("kernel:0"), tf_name


def write(path, tensors, names, store):
    with h5py.File(path, "w") as file:
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.4.0"
        layers = {}
        for name, value in tensors.items():
            tf_name = names(name)
            confirm(tf_name, name, value.shape)
            layers.setdefault(tf_name.split("/")[1], []).append((tf_name, value))
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, weights in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name, _ in weights]
            for tf_name, value in weights:
                if tf_name.endswith("kernel:0"):
                    value = value.T
                elif tf_name.endswith("bias:0") and names is gpt2_name:
                    value = value[None]
                store(group, tf_name, np.ascontiguousarray(value))
        file.create_group("top_level_model_weights").attrs["weight_names"] = np.array([], "S1")


def contiguous(group, name, value):
    group.create_dataset(name, data=value)


def chunked(group, name, value):
    chunks = tuple(max(1, (extent + 2) // 3) for extent in value.shape)
    kinds = [
        dict(compression="gzip", shuffle=True), dict(compression="gzip", fletcher32=True),
        dict(shuffle=True), dict(fletcher32=True), {},
    ]
    kind = kinds[sum(name.encode()) % len(kinds)]
    group.create_dataset(name, data=value, chunks=chunks, **kind)


def make(folder, base):
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "tf_model.h5", base, gpt2_name, contiguous)
    torch.manual_seed(SEED)
    model = BertForMaskedLM(BertConfig(
        vocab_size=31, hidden_size=12, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=20, max_position_embeddings=9))
    state = {name: value.numpy() for name, value in model.state_dict().items()
             if not name.endswith("position_ids") and "predictions.decoder" not in name}
    write(folder / "chunked.h5", state, bert_name, chunked)
    return {"tf_model.h5": base, "chunked.h5": state}
