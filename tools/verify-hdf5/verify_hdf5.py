"""Open result files the way their readers do: with h5py, xarray, netCDF4 and pandas.

Every warning of a reader is a fault. Prints one line per file, then its faults.

    pip install -r requirements.txt
    python verify_hdf5.py RESULT.h5...

Exits with 0 if every file is good, 1 if any is not.
"""

import sys
import warnings
from collections.abc import Iterator

import h5py
import numpy as np
import xarray as xr

ENGINES = (None, "netcdf4", "h5netcdf")


def main(paths: list[str]) -> int:
    """Check all files; the exit status."""
    if not paths:
        print(__doc__, file=sys.stderr)
        return 64
    return max([verify(path) for path in paths])


def verify(path: str) -> int:
    """Check one file and print what was found; 1 if anything is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            groups = group_names(path)
            faults = list(faults_of(path, groups))
        except Exception as error:  # a reader may raise anything, and each is a fault
            groups, faults = [], [f"cannot be read: {type(error).__name__}: {error}"]
    print(f"{path}: {'FAULTY' if faults else 'ok'}, groups {' '.join(groups) or 'none'}")
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


def group_names(path: str) -> list[str]:
    """The groups at the root."""
    with h5py.File(path, "r") as file:
        return [name for name, item in file.items() if isinstance(item, h5py.Group)]


def faults_of(path: str, groups: list[str]) -> Iterator[str]:
    """Everything wrong with a file, by each reader in turn."""
    with h5py.File(path, "r") as file:
        for group in groups:
            for dataset in file[group].values():
                yield from dataset_faults(dataset)
    for group in groups:
        yield from engine_faults(path, group)
    yield from tree_faults(path, groups)


def dataset_faults(dataset: h5py.Dataset) -> Iterator[str]:
    """What h5py finds wrong with one dataset."""
    dataset[()]
    if not dataset.attrs.get("long_name"):
        yield f"{dataset.name}: no long_name"
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    if not is_text and not dataset.attrs.get("units"):
        yield f"{dataset.name}: no units"
    if dataset.is_scale:
        return
    for index, dimension in enumerate(dataset.dims):
        if len(dimension) != 1:
            yield f"{dataset.name}: dimension {index} has {len(dimension)} scales"
        elif len(dimension[0]) != dataset.shape[index]:
            yield f"{dataset.name}: dimension {index} is not as long as its scale"


def engine_faults(path: str, group: str) -> Iterator[str]:
    """What the engines of xarray find wrong with one group, or tell differently."""
    seen = []
    for engine in ENGINES:
        with xr.open_dataset(path, group=group, engine=engine) as data:
            data.load()
            yield from label_faults(data, group)
            yield from attribute_faults(path, data, group)
            frame_of(data)
            seen.append(data)
    for engine, data in zip(ENGINES[1:], seen[1:]):
        if not data.equals(seen[0]):
            yield f"/{group}: {engine} reads other values than the engine xarray chooses"


def label_faults(data: xr.Dataset, group: str) -> Iterator[str]:
    """Dimensions without an index of their own name; coordinates that were not found."""
    for dimension in data.sizes:
        if dimension not in data.indexes:
            yield f"/{group}: dimension {dimension} has no labels"
    for variable in data.variables.values():
        for label in variable.encoding.get("coordinates", "").split():
            if label not in data.coords:
                yield f"/{group}: {label} is not a coordinate"


def attribute_faults(path: str, data: xr.Dataset, group: str) -> Iterator[str]:
    """Attributes and variables that h5py sees and xarray does not, and changed types."""
    with h5py.File(path, "r") as file:
        missing = set(file[group].attrs) - set(data.attrs)
        if missing:
            yield f"/{group}: attributes {sorted(missing)} are lost"
        if missing := set(file[group]) - set(data.variables):
            yield f"/{group}: variables {sorted(missing)} are lost"
        for name, dataset in file[group].items():
            is_time = " since " in dataset.attrs.get("units", "")
            if is_time or not np.issubdtype(dataset.dtype, np.number):
                continue
            if name in data.variables and data[name].dtype != dataset.dtype:
                yield f"{dataset.name}: {dataset.dtype} is read as {data[name].dtype}"


def frame_of(data: xr.Dataset) -> None:
    """Make the group's table, or its row of scalars, in pandas."""
    if data.sizes:
        data.to_dataframe()
    else:
        data.to_pandas()


def tree_faults(path: str, groups: list[str]) -> Iterator[str]:
    """What xarray finds wrong with the file as a tree."""
    with xr.open_datatree(path) as tree:
        tree.load()
        if missing := set(groups) - set(tree.children):
            yield f"groups {sorted(missing)} are not in the tree"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
