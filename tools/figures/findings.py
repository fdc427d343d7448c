#!/usr/bin/env python3
"""Sets what tools/reproduce found beside what the paper says, claim by claim, as Markdown.

    python findings.py FOLDER [CLAIM...]

FOLDER is what tools/reproduce wrote. With the names of claims, prints what was found for these
alone. Numbers come from the result files that are named; `±` is a standard error, brackets hold
95 % intervals.
"""
import csv
import math
import pathlib
import sys

import h5py
import numpy as np

from result_files import strings

AGREES, PARTLY, DIFFERS = "agrees", "in part", "**does not**"
OPEN = "cannot be judged at this size"
GUESS = math.log(1024)  # nats per token, of guessing among the vocabulary of the miniature
CLEAR = 2  # standard errors of a difference
HEAD = """# What was found, claim by claim

Written by `tools/reproduce`, from its result files alone. The claims are those of the abstract of
[arXiv 2211.12092](https://arxiv.org/abs/2211.12092) and of its sections as `docs/PAPER.md` reads them; which figure
shows what is our reading. `python tools/figures/findings.py FOLDER NAME` prints what was found for the claim of that
name again, from the files beside it. `±` is a standard error, brackets hold 95 % intervals.

| `findings.py FOLDER` … | in the paper | claim | what was found here | verdict |
|---|---|---|---|---|
"""
CLAIMS = []


def claim(name, place, text):
    """Adds a claim to the table; the function gives what was found and the verdict."""
    def add(function):
        CLAIMS.append((name, place, text, function))
        return function
    return add


# Results


class Results:
    """The result files of a folder, opened when they are wanted."""

    def __init__(self, folder):
        self.folder = folder

    def open(self, name):
        """A result file."""
        return h5py.File(self.folder / f"{name}.h5")

    def path(self, name):
        """Variables of the path of a result, its parameter as `places`."""
        with self.open(name) as file:
            group = file["path"]
            data = {key: group[key][:] for key in group}
            data["places"] = data["alpha" if "alpha" in group else "beta"]
            return data

    def barriers(self, name):
        """Heights above the chord with their intervals, by text."""
        with self.open(name) as file:
            group = file["path_barriers"]
            index = list(strings(group["definition"])).index("barrier")
            return {text: tuple(group[key][row, index] for key in ("height", "lower", "upper"))
                    for row, text in enumerate(strings(group["subset"]))}

    def table(self, name):
        """Rows of a table."""
        text = (self.folder / name).read_text()
        return list(csv.reader(text.splitlines(), delimiter="\t" if name.endswith("tsv") else ","))


def at(data, name, place):
    """A value of a path at a place, and its standard error."""
    index = int(np.argmin(np.abs(data["places"] - place)))
    return data[name][..., index], data[f"{name}_errors"][..., index]


def shown(pair, digits=3):
    """A value and its standard error."""
    return f"{rounded(pair[0], digits)} ± {rounded(pair[1], 2)}"


def rounded(value, digits):
    """A number with so many digits that count, never in powers of ten."""
    return f"{float(f'{value:.{digits}g}'):,g}"


def interval(barrier):
    """A barrier with its interval."""
    return f"{barrier[0]:.3g} [{barrier[1]:.3g}, {barrier[2]:.3g}]"


def rank_correlation(first, second):
    """Spearman's, without ties."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def are_apart(first, second):
    """Whether two values with standard errors differ clearly."""
    return abs(first[0] - second[0]) > CLEAR * math.hypot(first[1], second[1])


def verdict(is_so):
    """In words."""
    return AGREES if is_so else DIFFERS


# Claims


@claim("barrier", "abstract, Figure 3, eq. 1, 2",
       "no drop of performance between two fine-tunes of one model")
def barrier(results):
    found = results.barriers("along-the-line/fine-tunes")
    text = "; ".join(f"{name} sentences of SST: {interval(b)}" for name, b in found.items())
    return (f"barrier of the loss, nats per token: {text} (`along-the-line/fine-tunes.h5`)",
            verdict(all(b[1] == 0 and b[0] < 0.01 for b in found.values())))


@claim("fluency", "Figure 3", "texts written half way are as fluent as those of the ends")
def fluency(results):
    data = results.path("behaviour/alpha-weights")
    ends, middle = [at(data, "corpus_perplexity", a) for a in (0, 1)], at(data, "corpus_perplexity", .5)
    worse = max(ends)
    return (f"perplexity by `base` of all texts as one: {shown(ends[0])} at α 0, {shown(middle)} at 0.5, "
            f"{shown(ends[1])} at 1 (`behaviour/alpha-weights.h5`)",
            verdict(middle[0] <= worse[0] or not are_apart(middle, worse)))


@claim("grammar", "Figure 3", "they are as grammatical")
def grammar(results):
    data = results.path("behaviour/alpha-weights")
    ends, middle = [at(data, "grammar", a) for a in (0, 1)], at(data, "grammar", .5)
    worse = min(ends)
    return (f"grammar score {shown(ends[0])}, {shown(middle)}, {shown(ends[1])} "
            "(`behaviour/alpha-weights.h5`)",
            verdict(middle[0] >= worse[0] or not are_apart(middle, worse)))


@claim("sentiment", "abstract, Figure 3", "moving along the line moves the sentiment of texts")
def sentiment(results):
    data = results.path("behaviour/alpha-weights")
    ends = [at(data, "positive_score", a) for a in (0, 1)]
    rho = rank_correlation(data["places"], data["positive_score"])
    return (f"positive score {shown(ends[0])} at α 0, {shown(ends[1])} at 1; rank correlation with α "
            f"from −4 to 5: {rho:.3f} (`behaviour/alpha-weights.h5`)",
            verdict(are_apart(*ends) and ends[1] > ends[0] and rho > 0.9))


@claim("beyond", "Figure 3", "so it does beyond the ends, until texts fall apart")
def beyond(results):
    data = results.path("behaviour/alpha-weights")
    scores = {a: at(data, "positive_score", a) for a in (-4, -1, 0, 1, 2, 5)}
    fluent = {a: at(data, "corpus_perplexity", a) for a in (-4, 5)}
    worse = max(at(data, "corpus_perplexity", a) for a in (0, 1))
    text = ", ".join(f"{shown(value)} at {a}" for a, value in scores.items())
    far = ", ".join(f"{shown(value)} at {a}" for a, value in fluent.items())
    grows = are_apart(scores[-4], scores[0]) and are_apart(scores[5], scores[1])
    breaks = all(value[0] > worse[0] and are_apart(value, worse) for value in fluent.values())
    return (f"positive score {text}; perplexity of texts {far}, {shown(worse)} at the worse end "
            "(`behaviour/alpha-weights.h5`)", verdict(grows and breaks))


@claim("anchored", "Figure 5, eq. 3", "the same holds from the pre-trained model along θ₊ − θ₋")
def anchored(results):
    data = results.path("behaviour/beta-weights")
    scores = {b: at(data, "positive_score", b) for b in (-2, -1, 0, 1, 2)}
    rho = rank_correlation(data["places"], data["positive_score"])
    text = ", ".join(f"{shown(value)} at β {b}" for b, value in scores.items())
    return (f"positive score {text}; rank correlation with β {rho:.3f} (`behaviour/beta-weights.h5`)",
            verdict(are_apart(scores[-2], scores[2]) and rho > 0.9))


@claim("ensemble", "Figure 6, section 3.2",
       "summed weights do what summed logits (DExperts) do, at the cost of one model")
def ensemble(results):
    weights, logits = (results.path(f"behaviour/alpha-{kind}") for kind in ("weights", "logits"))
    inside = (weights["places"] >= 0) & (weights["places"] <= 1)
    gap = np.abs(weights["nll"] - logits["nll"])[:, inside].max()
    error = np.hypot(weights["positive_score_errors"], logits["positive_score_errors"])
    apart = (np.abs(weights["positive_score"] - logits["positive_score"]) / error)[inside].max()
    rho = np.corrcoef(weights["positive_score"], logits["positive_score"])[0, 1]
    return (f"between the ends losses differ by at most {gap:.2g} nats per token, positive scores by at "
            f"most {apart:.2g} standard errors; correlation of positive scores from α −4 to 5: {rho:.3f} "
            "(`behaviour/alpha-weights.h5`, `alpha-logits.h5`)",
            verdict(gap < 0.01 and apart < 3 and rho > 0.95))


@claim("linear", "sections 5.1, 5.2", "near fine-tunes a model is nearly linear in its weights")
def linear(results):
    found = []
    for name in ("fine-tunes", "independent"):
        with results.open(f"along-the-line/linearity-{name}") as file:
            table = file["linearity"]
            ends = [int(np.argmin(np.abs(table["alpha"][:] - a))) for a in (0, 1)]
            found.append(max(table["logit_error"][0, end] for end in ends))
    return (f"relative error of logits expanded at α 0.5, at the worse end: {found[0]:.2g} between "
            f"fine-tunes, {found[1]:.2g} between initializations "
            "(`along-the-line/linearity-*.h5`)", verdict(found[0] < 0.5 < found[1]))


@claim("plane", "Figure 7, eq. 4", "on the plane the difference of the coefficients sets the sentiment")
def plane(results):
    with results.open("behaviour/plane") as file:
        grid = file["grid"]
        score = grid["positive_score"][:]
        plus, minus = np.meshgrid(grid["w_plus"][:], grid["w_minus"][:])
        kept = (grid["nll"][:] < GUESS).all(axis=0)
    rho = [np.corrcoef(value[kept], score[kept])[0, 1] for value in (plus - minus, plus + minus)]
    return (f"correlation of the positive score with γ₊ − γ₋: {rho[0]:.3f}, with γ₊ + γ₋: {rho[1]:.3f}, "
            f"over the {kept.sum()} of {kept.size} points that are better than a guess on our sentences "
            "(`behaviour/plane.h5`)", verdict(rho[0] > 0.8 > abs(rho[1])))


@claim("valley", "Figure 8", "fine-tunes and what lies between them are in one valley of the loss")
def valley(results):
    with results.open("along-the-line/plane") as file:
        grid = file["grid"]
        loss, texts = grid["nll"][:], strings(grid["subset"])
        plus, minus = np.meshgrid(grid["w_plus"][:], grid["w_minus"][:])
    places = [np.unravel_index(values.argmin(), values.shape) for values in loss]
    inside = (plus >= 0) & (minus >= 0) & (plus + minus <= 1.2)
    text = "; ".join(f"{name}: least {values[place]:.3g} nats at γ₊ {plus[place]:.2g}, γ₋ {minus[place]:.2g}, "
                     f"in the triangle of the three models at most {values[inside].max():.3g}, on the "
                     f"plane {values.max():.3g}"
                     for name, values, place in zip(texts, loss, places))
    flat = all(values[inside].max() - values.min() < 0.2 * np.ptp(values) for values in loss)
    return f"{text} (`along-the-line/plane.h5`)", verdict(flat)


@claim("words", "Figure 4", "words of the attribute grow steadily likelier along the line")
def words(results):
    with results.open("along-the-line/next") as file:
        table = file["next"]
        places, found = table["alpha"][:], table["next_token_logprob"][:].T
        rho = {name.strip(): rank_correlation(places, values)
               for name, values in zip(strings(table["token"]), found)}
    good, bad = ("great", "good", "fun"), ("bad", "boring", "terrible")
    text = ", ".join(f"{name} {value:.2f}" for name, value in rho.items())
    hits = [rho[name] > 0.9 for name in good] + [rho[name] < -0.9 for name in bad]
    return (f"rank correlation of the probability after “This movie is” with α from −1 to 2: {text} "
            "(`along-the-line/next.h5`)",
            AGREES if all(hits) else PARTLY if sum(hits) > len(hits) / 2 else DIFFERS)


@claim("norms", "Figure 9, section 5.3",
       "fine-tunes stay near in every layer, a model trained from another start is far")
def norms(results):
    with results.open("distances/norms") as file:
        table = file["norms"]
        scaled = dict(zip(strings(table["pair"]), table["diff_scaled"][:]))
    far = scaled.pop("base→scratch" if "base→scratch" in scaled else list(scaled)[-1])
    ratio = far / np.maximum.reduce(list(scaled.values()))
    return (f"‖A − B‖/√n to `scratch` is {ratio.min():.3g} to {ratio.max():.3g} times (median "
            f"{np.median(ratio):.3g}) that to the farther fine-tune, in all {len(ratio)} tensors "
            "(`distances/norms.h5`)", verdict(ratio.min() > 1))


@claim("origin", "section 5.3, our test", "fine-tunes share their initialization, the other model does not")
def origin(results):
    found = {}
    for name in ("tuned", "tuned-negative", "scratch"):
        with results.open(f"distances/origin-{name}") as file:
            found[name] = file["origin/ln_p_cert"][()] / math.log(10)
    text = ", ".join(f"`{name}` {value:.0f}" for name, value in found.items())
    return (f"certified log10 p of independence from `base`: {text} (`distances/origin-*.h5`)",
            verdict(found["tuned"] < -6 and found["tuned-negative"] < -6 < found["scratch"]))


@claim("initializations", "Figure 10", "between models of different initializations performance collapses")
def initializations(results):
    found = results.barriers("along-the-line/independent")
    data = results.path("behaviour/independent")
    fluent = [shown(at(data, "corpus_perplexity", a)) for a in (0, .5, 1)]
    text = "; ".join(f"{name} sentences: {interval(b)}" for name, b in found.items())
    return (f"barrier, nats per token: {text} (`along-the-line/independent.h5`); perplexity of texts "
            f"{fluent[0]} at 0, {fluent[1]} at 0.5, {fluent[2]} at 1 (`behaviour/independent.h5`)",
            verdict(all(b[1] > 0.1 for b in found.values())))


@claim("quality", "tables", "how good the control is beside other methods")
def quality(results):
    return ("what the tables say is not at hand; no other method, no human judgement and no classifier of any "
            "size is here", OPEN)


@claim("speed", "abstract", "no overhead when texts are written")
def speed(results):
    spent = {row[0]: row[2] for row in results.table("seconds.tsv")}
    weights, logits = (float(spent[f"behaviour/alpha-{kind}.h5"]) for kind in ("weights", "logits"))
    return (f"the same texts and losses at 19 points took {weights:.3g} s of processor time with summed weights, "
            f"making each mixture and scoring included, and {logits:.3g} s with the summed logits of two models "
            "(`seconds.tsv`)", verdict(weights < logits))


# Tables


def losses(results):
    """Losses of the models."""
    rows = {}
    for name in ("tuned", "tuned-negative", "scratch"):
        data = results.path(f"training/base-{name}")
        rows["base"], rows[name] = data["nll"][:, 0], data["nll"][:, -1]
    texts = [text.decode() if isinstance(text, bytes) else text for text in data["subset"]]
    print("\n## Losses of the models\n\nNats per token of what they were not trained on, from `training/base-*.h5`; "
          "sentences are those of the\ndevelopment part of SST.\n")
    print("| model | " + " | ".join(texts) + " |\n|---|" + "--:|" * len(texts))
    for name, row in rows.items():
        print(f"| `{name}` | " + " | ".join(f"{value:.4f}" for value in row) + " |")


def accuracies(results):
    """How often classifiers are right."""
    print("\n## Classifiers\n\nFrom `classifiers/accuracy.tsv`.\n")
    print("| classifier and texts | texts | accuracy | the commonest class | mean recall |\n|---|--:|--:|--:|--:|")
    for row in results.table("classifiers/accuracy.tsv"):
        print("| " + " | ".join(row[:2] + [f"{float(value):.3f}" for value in row[2:]]) + " |")


def instability(results):
    """When the barrier appears."""
    head, *rows = results.table("instability/instability.csv")
    rows = [dict(zip(head, row)) for row in rows]
    print("\n## When does the barrier appear?\n\nFrom `instability/instability.csv`; "
          f"[instability.png](instability/instability.png). Of {rows[0]['steps']} steps.\n")
    print("| training parts after step | study | text | barrier, nats per token | distance | log10 p of "
          "independence |\n|--:|---|---|--:|--:|--:|")
    for row in rows:
        if row["barrier"]:
            numbers = interval([float(row[key]) for key in ("barrier", "lower", "upper")])
            print(f"| {row['step'] or '(another start)'} | {row['study']} {row['pair']} | {row['text']} | {numbers} | "
                  f"{float(row['distance']):.3g} | {float(row['log10_p']):.0f} |")


def times(results):
    """What it took."""
    rows = {row[0]: row[1:] for row in results.table("seconds.tsv")}
    wall = sum(float(row[0]) for row in rows.values())
    busy = sum(float(row[1]) for row in rows.values() if row[1] != "-")
    print(f"\n## What it took\n\nAll steps together took {busy / 60:.0f} minutes of processor time, and "
          f"{wall / 60:.0f} of a machine that had other work, some\nof them beside each other; `seconds.tsv` has each with the load of "
          "the machine at its end. The longest:\n")
    print("| step | minutes | processor minutes | load |\n|---|--:|--:|--:|")
    for name, row in sorted(rows.items(), key=lambda item: -float(item[1][0]))[:8]:
        spent = row[1] if row[1] == "-" else f"{float(row[1]) / 60:.1f}"
        print(f"| `{name}` | {float(row[0]) / 60:.1f} | {spent} | {row[2]} |")


def main():
    """Prints all, or the claims that are named."""
    results, names = Results(pathlib.Path(sys.argv[1])), sys.argv[2:]
    if names:
        for name, _, _, function in CLAIMS:
            if name in names:
                print(f"{name}: {' — '.join(function(results))}")
        return
    print(HEAD, end="")
    for name, place, text, function in CLAIMS:
        found, judged = function(results)
        print(f"| {name} | {place} | {text} | {found} | {judged} |")
    for part in (losses, accuracies, instability, times):
        part(results)


if __name__ == "__main__":
    main()
