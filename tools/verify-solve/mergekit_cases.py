"""Recipes for mergekit, and what `transect solve` should say of their results."""

# mergekit's dtype (inputs are brought to it first) and the type written.
TYPES = [("float32", None), ("float32", "float16"), ("float32", "bfloat16"), ("float16", None), ("bfloat16", None)]
YES, OTHER_SUM, BY_TENSOR = (0, "MIXTURE"), (0, "MIXTURE WITH ANOTHER SUM"), (0, "MIXTURE BY TENSOR")
NO, SOME, NEAR = (1, "NOT A MIXTURE"), (1, "MIXTURE BUT FOR SOME"), (3, "NEAR A MIXTURE")
TRIMMING = ("ties", "dare_linear", "dare_ties", "della", "breadcrumbs")


class Recipe:
    """One call of mergekit: a configuration but for the types, and the answers that are right."""

    def __init__(self, name, method, weights, answers, coefficients=None, base=None, **parameters):
        self.name, self.method, self.weights, self.answers = name, method, weights, answers
        self.coefficients, self.base, self.parameters = coefficients, base, parameters

    def configuration(self, paths, dtype, out_dtype):
        """What mergekit takes, as a dictionary."""
        models = [{"model": str(paths[key]), "parameters": own} for key, own in self.weights.items()]
        found = {"merge_method": self.method, "models": models, "dtype": dtype, "parameters": self.parameters}
        if self.base or self.method == "slerp":
            found["base_model"] = str(paths[self.base or "tuned"])
        return found | ({"out_dtype": out_dtype} if out_dtype else {})

    def answers_for(self, stored):
        """The right answers in a type: in BF16 an arc between near models is a line within rounding."""
        is_line = self.method == "slerp" and "scratch" not in self.weights and stored == "bfloat16"
        return self.answers + ([YES] if is_line else [])


def weighted(*shares, **others):
    """Parameters of the first models of the family, each with a weight."""
    return {key: {"weight": share} | others for key, share in zip(("tuned", "tuned-negative"), shares)}


def recipes():
    """All recipes; the last coefficient is the base's."""
    yield Recipe("linear 0.7, 0.3", "linear", weighted(0.7, 0.3), [YES], [0.7, 0.3])
    yield Recipe("linear 2, 1", "linear", weighted(2, 1), [YES], [2 / 3, 1 / 3])
    yield Recipe("linear, sum 0.8", "linear", weighted(0.5, 0.3), [OTHER_SUM], normalize=False)
    delta = {"method": "task_arithmetic", "base": "base", "answers": [YES]}
    yield Recipe("deltas 0.5, 0.4", weights=weighted(0.5, 0.4), coefficients=[0.5, 0.4, 0.1], **delta)
    for name, times in (("once", 1), ("twice", 2), ("reversed", -1)):
        yield Recipe(f"delta {name}", weights=weighted(times), coefficients=[times, 1 - times], **delta)
    for other in ("tuned-negative", "scratch"):
        yield Recipe(f"slerp to {other}", "slerp", {"tuned": {}, other: {}}, [NO, SOME], t=0.3)
    yield Recipe("model stock", "model_stock", {"tuned": {}, "tuned-negative": {}}, [BY_TENSOR, NEAR],
                 base="base")
    for method in TRIMMING:
        for density in (0.5, 0.9):
            extra = {"della": {"epsilon": 0.05}, "breadcrumbs": {"gamma": 0.01}}.get(method, {})
            yield Recipe(f"{method} {density}", method, weighted(0.5, 0.5, density=density, **extra),
                         [NO, SOME, NEAR], base="base")
    yield Recipe("ties 0.9 of one", "ties", weighted(1, density=0.9), [NO, SOME, NEAR], base="base")
