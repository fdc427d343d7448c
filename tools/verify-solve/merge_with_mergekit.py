#!/usr/bin/env python3
"""Carries out mergekit recipes, all in one process, since loading mergekit takes longer than a merge.

    PYTHON merge_with_mergekit.py < RECIPES

RECIPES is a JSON list of [configuration, folder] pairs; a configuration is what mergekit reads from YAML.
PYTHON must have mergekit. Prints a line for each: "ok", or why mergekit refused.
"""
import json
import logging
import sys

from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions


def main():
    """Merges them, one after the other."""
    logging.disable(logging.WARNING)
    options = MergeOptions(quiet=True, write_model_card=False, random_seed=0, copy_tokenizer=False)
    for configuration, folder in json.load(sys.stdin):
        try:
            run_merge(MergeConfiguration.model_validate(configuration), folder, options)
            print("ok", flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
