"""Checkpoints of `torch.distributed.checkpoint`, by one process and by four on a mesh of 2 x 2."""

import os
import shutil
import socket
import warnings

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp

SEED = 20261126


def tensors():
    torch.manual_seed(SEED)
    return {
        "w": torch.randn(7, 6), "b": torch.randn(5), "h": torch.randn(4, 6).bfloat16(),
        "cube": torch.randn(4, 3, 5), "rows": torch.randn(6, 3).half(), "plain": torch.arange(6).reshape(2, 3),
    }


def write_sharded(rank, folder, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=4)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    mesh = init_device_mesh("cpu", (2, 2))
    placements = {
        "w": [Shard(0), Shard(1)], "b": [Shard(0), Replicate()], "h": [Replicate(), Shard(1)],
        "cube": [Shard(2), Shard(0)], "rows": [Shard(0), Shard(0)],
    }
    full = tensors()
    model = {name: distribute_tensor(full[name], mesh, placement) for name, placement in placements.items()}
    model["plain"] = full["plain"]
    state = {"model": model, "optimizer": {"exp_avg": torch.zeros(3)}, "step": 3}
    dcp.save(state, checkpoint_id=folder)
    dist.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place = os.getcwd()
    os.chdir(folder)  # the metadata record the path they are given
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dcp.save({name: value for name, value in tensors().items()}, checkpoint_id="single")
        mp.spawn(write_sharded, args=("sharded", free_port()), nprocs=4)
    finally:
        os.chdir(place)
    return {"single": tensors(), "sharded": tensors()}
