"""Lists the names that a table of families gives for tensors, by the table's own words.

    python Fixtures/Generators/tensor_names.py FAMILIES.json Fixtures/families/names.json

FAMILIES.json is the machine-readable table of on-disk layouts (schema moe-families/1, made by running transformers 5.23),
of which the program's own families.json is not made by any script: the two are compared by a test. Of the names for
experts those of the layouts are left out that have no name of their own in the table.
"""

import json
import sys

WORDS = {"router": "router", "shared_experts": "shared", "dense_mlp": "dense", "attention": "attention",
         "linear_attention": "linear", "norms": "norm", "embeddings": "model"}


def names(value, word):
    """Pairs of a word and a name, wherever the table has a name."""
    if isinstance(value, str):
        if value.endswith((".weight", ".bias")) and " " not in value:
            yield word, value
    elif isinstance(value, dict):
        if isinstance(value.get("name"), str):
            yield word, value["name"]
        for key, inner in value.items():
            if key not in ("name", "shape", "axes"):
                yield from names(inner, word if key in ("tensors", "v5_fused_name") else f"{word} {key}")


with open(sys.argv[1]) as source:
    table = json.load(source)
assert table["schema"] == "moe-families/1"
result = {}
for family in table["families"]:
    found = [pair for section, word in WORDS.items() for pair in names(family.get(section), word)]
    # A gate beside the shared expert's tensors is no projection of it.
    gate = (family["shared_experts"] or {}).get("gate")
    if gate:
        found = [pair for pair in found if pair[1] != gate["name"]] + [("shared output_gate", gate["name"])]
    for layout in family["expert_layouts"]:
        found += [pair for pair in names(layout.get("tensors"), "expert")]
    result[family["id"]] = sorted({f"{word}: {name}" for word, name in found})
with open(sys.argv[2], "w") as out:
    out.write("{\n" + ",\n".join(f'"{id}": {json.dumps(found)}' for id, found in result.items()) + "\n}\n")
