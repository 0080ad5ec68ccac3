#!/usr/bin/env python3
"""Writes activations and gradients of a Mixture-of-Experts model, in the form that sdmoe reads.

    python Scripts/capture.py MODEL --text corpus.txt -o acts.h5 --shuffle
    python Scripts/capture.py MODEL --text corpus.txt --gradients grads.safetensors

MODEL is a folder that save_pretrained wrote, or a name on the Hugging Face hub. Of every layer with
experts the HDF5 file holds, one row for each token:

    layers/{L}/moe_input            what the MoE block is given, after the norm
    layers/{L}/router_logits        x W^T (+ bias) of the router, before any softmax or correction
    shuffled/layers/{L}/moe_input   the same tokens, read in shuffled order (--shuffle)

beside `tokens`, `sequence_offsets`, `sequence_lengths` and `shuffled/permutation`. Padding of a file
of tokens is cut off, never computed and never written. The gradients are those of the mean
next-token loss over the same tokens, for all weights of routed and shared experts, under the
checkpoint's own names; an expert that saw no token has a zero gradient. The same command gives the
same bytes on one machine. TRIED says which versions it was tried with, on the CPU.
"""

import argparse
import contextlib
import itertools
import json
import os
import re
import signal
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

VERSION = "1.0"
TRIED = {
    "torch": "2.13.0",
    "transformers": "5.23.0",
    "safetensors": "0.8.0",
    "h5py": "3.16.0",
    "numpy": "2.4.6",
}
SHARED_EXPERT = re.compile(r"shared_(experts?|mlp)\.")


class CaptureError(Exception):
    """Where, what, and what next, in one line."""


def parse_arguments(words):
    parser = argparse.ArgumentParser(
        prog="capture.py",
        description="Write activations and gradients of a Mixture-of-Experts model for sdmoe.",
        epilog="Exit codes: 0 done, 1 the data is wrong, 2 the words are wrong.",
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help="a folder that save_pretrained wrote, or a name on the hub")
    add("-o", "--output", type=Path, metavar="FILE", help="where to write the activations (HDF5)")
    add("--gradients", type=Path, metavar="FILE", help="where to write gradients (safetensors)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", type=Path, metavar="FILE", help="a text in UTF-8")
    source.add_argument("--tokens", type=Path, metavar="FILE",
                        help="token ids, [sequences, length] as .npy, instead of a text")
    add("--pad-token", type=int, metavar="ID",
        help="the token that pads sequences of --tokens to one length (the model's pad_token_id)")
    add("--sequences", type=positive, metavar="N", help="sequences from the text (16)")
    add("--length", type=positive, metavar="N", help="tokens of a sequence (64)")
    add("--shuffle", action="store_true", help="read the tokens in shuffled order too")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--seed", type=natural, metavar="N", help="of the shuffled order (0)")
    order.add_argument("--permutation-from", type=Path, metavar="FILE",
                       help="take the shuffled order from these activations")
    add("--layers", type=layer_selection, metavar="0-3,7", help="only these (all with experts)")
    add("--batch", type=positive, default=1, metavar="N", help="sequences at a time (1)")
    add("--dtype", default="float32", choices=["float32", "bfloat16", "float16"],
        help="what the model computes in (float32)")
    add("--device", default="cpu", help="where it computes: cpu, cuda, cuda:1, mps (cpu)")
    add("--capture-dtype", default="f16", choices=["f16", "bf16", "f32"],
        help="elements of moe_input (f16)")
    add("--gradient-dtype", default="bf16", choices=["bf16", "f32"],
        help="elements of the gradients (bf16)")
    add("--version", action="version", version=versions())
    options = parser.parse_args(words)
    if not (options.output or options.gradients):
        parser.error("nothing to write; give -o FILE, --gradients FILE or both")
    if options.tokens and (options.sequences or options.length):
        parser.error("--sequences and --length belong to --text; a file of tokens has its own")
    if options.text and options.pad_token is not None:
        parser.error("--pad-token belongs to --tokens; a text is cut into whole sequences")
    if options.output and options.output == options.gradients:
        parser.error("-o and --gradients name the same file; give two")
    if options.length == 1:
        parser.error("--length: a sequence of one token has no next token; give 2 or more")
    if options.shuffle and not options.output:
        parser.error("--shuffle belongs to the activations; give -o FILE")
    if not options.shuffle and (options.permutation_from or options.seed is not None):
        parser.error("--seed and --permutation-from say how to shuffle; give --shuffle too")
    return options


def positive(word):
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


def natural(word):
    number = int(word)
    if number < 0:
        raise argparse.ArgumentTypeError("give 0 or more")
    return number


def layer_selection(word):
    layers = set()
    for part in word.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not match:
            raise argparse.ArgumentTypeError(f"'{word}' is not a list of layers such as 0-3,7")
        first, last = int(match[1]), int(match[2] or match[1])
        layers.update(range(first, last + 1))
    return layers


def versions():
    def installed(name):
        try:
            return version(name)
        except PackageNotFoundError:
            return "none"

    tried = ", ".join(f"{name} {number}" for name, number in TRIED.items())
    here = ", ".join(f"{name} {installed(name)}" for name in TRIED)
    return f"capture.py {VERSION}; tried with {tried}; here are {here}"


# Only now, so that --help and --version answer at once and without torch.
if __name__ == "__main__":
    OPTIONS = parse_arguments(None)
try:
    import h5py
    import numpy as np
    import torch
    import transformers
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.core_model_loading import revert_weight_conversion
    from transformers.utils import cached_file
except ImportError as error:
    sys.exit(f"capture: {error}; pip install torch 'transformers>=5' safetensors h5py numpy")


# MARK: The model


@dataclass
class Block:
    """One MoE block: the module that sends each token to a few of its experts."""

    layer: int
    name: str
    module: torch.nn.Module
    router: torch.nn.Module
    # The module inside the router that holds its matrix; often the router itself.
    router_matrix: torch.nn.Module

    def expert_parameters(self):
        """The weights of routed and shared experts, by their names in the model."""
        return {
            f"{self.name}.{name}": parameter
            for name, parameter in self.module.named_parameters()
            if (name.startswith("experts.") or SHARED_EXPERT.match(name))
            and not name.endswith("bias")
        }


def open_model(options):
    # Of parts, transformers would make a model with random experts.
    try:
        with open(cached_file(options.model, "config.json"), encoding="utf-8") as file:
            is_factored = "sd_moe" in json.load(file)
    except (OSError, ValueError, TypeError):
        # Whatever it is, transformers says it below.
        is_factored = False
    if is_factored:
        raise CaptureError(
            f"{options.model}: holds experts split by sdmoe, not the model's own; merge them first: "
            f"sdmoe convert {options.model} --form merged -o MERGED, then capture MERGED")
    # Custom code asks on the terminal whether it may run, unless it is refused beforehand.
    try:
        model = AutoModelForCausalLM.from_pretrained(
            options.model, dtype=getattr(torch, options.dtype), trust_remote_code=False,
            attn_implementation="eager")
        return model.to(options.device).eval()
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, AssertionError,
            SafetensorError) as error:
        raise CaptureError(f"{options.model}: cannot be loaded: {first_line(error)}") from error


def find_blocks(model, wanted):
    """The MoE blocks of the wanted layers: modules with `experts` and a `gate` or `router`."""
    hidden = model.config.get_text_config().hidden_size
    blocks = {}
    for name, module in model.named_modules():
        router = getattr(module, "gate", None) or getattr(module, "router", None)
        layer = re.search(r"\.(\d+)\.", f".{name}.")
        both = isinstance(getattr(module, "experts", None), torch.nn.Module) and isinstance(
            router, torch.nn.Module)
        # Where a whole decoder layer holds the experts, its input is not theirs.
        if not both or not layer or hasattr(module, "self_attn"):
            continue
        matrices = [
            part for part in router.modules()
            if isinstance(getattr(part, "weight", None), torch.nn.Parameter)
            and part.weight.ndim == 2 and part.weight.shape[1] == hidden
        ]
        number = int(layer[1])
        if len(matrices) != 1 or number in blocks:
            raise CaptureError(
                f"{name}: {len(matrices)} router matrices in layer {number}, or several blocks; "
                f"{model.config.model_type} is not built as this script expects")
        blocks[number] = Block(number, name, module, router, matrices[0])
    if not blocks:
        raise CaptureError(
            f"{model.config.model_type}: no module with experts and a router was found; "
            "is it a Mixture-of-Experts model that transformers has built in?")
    missing = sorted((wanted or set()) - set(blocks))
    if missing:
        raise CaptureError(
            f"--layers: layer {missing[0]} has no experts; those that have: "
            + ", ".join(map(str, sorted(blocks))))
    return [blocks[layer] for layer in sorted(wanted or blocks)]


# MARK: The tokens


def read_tokens(options, model):
    """Sequences of token ids, from the file of tokens or the beginning of the text."""
    if options.tokens:
        pad = options.pad_token
        if pad is None:
            pad = getattr(model.config.get_text_config(), "pad_token_id", None)
        sequences = without_padding(stored_tokens(options.tokens), pad, options.tokens)
    else:
        sequences = list(text_tokens(options))
    tokens = np.concatenate(sequences)
    rows = model.get_input_embeddings().weight.shape[0]
    if tokens.min() < 0 or tokens.max() >= rows:
        stranger = tokens.min() if tokens.min() < 0 else tokens.max()
        raise CaptureError(
            f"{options.tokens or options.text}: holds token {stranger}, "
            f"the model knows 0 to {rows - 1}; were the tokens made for another model?")
    return [torch.from_numpy(sequence.astype(np.int64)) for sequence in sequences]


def without_padding(tokens, pad, path):
    """The rows of [sequences, length] without the padding at their ends."""
    if pad is None:
        return list(tokens)
    sequences = []
    for number, row in enumerate(tokens):
        places = np.flatnonzero(row != pad)
        if len(places) == 0:
            raise CaptureError(
                f"{path}: sequence {number} holds nothing but the padding token {pad}; "
                "leave it out, or say what pads with --pad-token")
        sequences.append(row[places[0]:places[-1] + 1])
    left_out = tokens.size - sum(map(len, sequences))
    if left_out:
        say(f"{path}: {left_out} of {tokens.size} tokens are padding (token {pad}) and left out")
    return sequences


def batches(sequences, size):
    """The numbers of neighbours of one length, up to `size` at a time: none needs padding."""
    runs = itertools.groupby(range(len(sequences)), key=lambda number: len(sequences[number]))
    for _, run in runs:
        numbers = list(run)
        for start in range(0, len(numbers), size):
            yield numbers[start:start + size]


def stored_tokens(path):
    try:
        tokens = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CaptureError(f"{path}: cannot be read as .npy: {first_line(error)}") from error
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu" or tokens.shape[0] < 1 \
            or tokens.shape[1] < 2:
        raise CaptureError(
            f"{path}: holds {tokens.dtype} of shape {list(tokens.shape)}; "
            "integers [sequences, length] with a length of 2 or more are needed")
    return tokens


def text_tokens(options):
    sequences, length = options.sequences or 16, options.length or 64
    needed = sequences * length
    try:
        tokenizer = AutoTokenizer.from_pretrained(options.model, trust_remote_code=False)
        # Of a folder without the tokenizer's files, transformers may make one without words.
        ids = tokenizer("a b", add_special_tokens=False)["input_ids"]
        problem = None if ids else "it knows no words"
    except Exception as error:  # Each kind of tokenizer fails in its own way.
        problem = first_line(error)
    if problem:
        raise CaptureError(
            f"{options.model}: has no tokenizer that can be loaded ({problem}); copy the files of "
            "the model's tokenizer, such as tokenizer.json, beside it, or give the tokens with "
            "--tokens")
    tokens = []
    try:
        with open(options.text, encoding="utf-8") as file:
            # A megabyte of lines at a time, because a corpus may be far longer than what is needed.
            while len(tokens) < needed and (lines := file.readlines(1 << 20)):
                # Sequences are cut from one long text, so the tokenizer's own limit means nothing.
                tokens += tokenizer("".join(lines), add_special_tokens=False,
                                    verbose=False)["input_ids"]
    except OSError as error:
        raise CaptureError(f"{options.text}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CaptureError(f"{options.text}: is not a text in UTF-8: {error.reason}") from error
    if len(tokens) < needed:
        raise CaptureError(
            f"{options.text}: gives {len(tokens)} tokens, {sequences} sequences of {length} need "
            f"{needed}; take a longer text, or fewer --sequences or a shorter --length")
    return np.array(tokens[:needed]).reshape(sequences, length)


def shuffled_order(options, lengths):
    """Place p of shuffled sequence s holds its token order[s][p]."""
    if options.permutation_from is None:
        random = np.random.default_rng(options.seed or 0)
        return [random.permutation(length) for length in lengths]
    path = options.permutation_from
    try:
        with h5py.File(path, "r") as file:
            order = file["shuffled/permutation"][:].astype(np.int64)
    except (OSError, KeyError) as error:
        raise CaptureError(
            f"{path}: no dataset shuffled/permutation: {first_line(error)}; "
            "take activations that were captured with --shuffle") from error
    if order.size == sum(lengths):
        order = np.split(order, np.cumsum(lengths)[:-1])
        if all((np.sort(part) == np.arange(len(part))).all() for part in order):
            return order
    text = " to ".join(map(str, sorted({min(lengths), max(lengths)})))
    raise CaptureError(
        f"{path}: shuffled/permutation does not order {len(lengths)} sequences of {text} tokens; "
        "was it captured from other tokens?")


# MARK: Activations


def write_activations(options, model, blocks, tokens):
    lengths = [len(sequence) for sequence in tokens]
    total = sum(lengths)
    passes = [("", [torch.arange(length) for length in lengths], True)]
    if options.shuffle:
        shuffled = shuffled_order(options, lengths)
        passes.append(("shuffled/", [torch.from_numpy(order) for order in shuffled], False))
    with whole_file(options.output) as path, h5py.File(path, "w") as file:
        file.attrs["model"] = model_name(options.model)
        file.attrs["hidden_size"] = blocks[0].router_matrix.weight.shape[1]
        for name, value in provenance(options).items():
            file.attrs[name] = value
        file["tokens"] = torch.cat(tokens).numpy()
        file["sequence_offsets"] = np.cumsum([0, *lengths])
        file["sequence_lengths"] = np.array(lengths)
        if options.shuffle:
            file["shuffled/permutation"] = np.concatenate(shuffled)
        for prefix, order, with_logits in passes:
            for first, block, moe_input, logits in captured(model, blocks, tokens, order, options):
                group = f"{prefix}layers/{block.layer}"
                write_rows(file, f"{group}/moe_input", first, total, moe_input,
                           options.capture_dtype)
                if with_logits:
                    write_rows(file, f"{group}/router_logits", first, total, logits, "f32",
                               may_bar=True)
    say(f"{options.output}: {total} tokens, {len(blocks)} layers"
        + (", in both orders" if options.shuffle else ""))


def captured(model, blocks, tokens, order, options):
    """Yields (first row, block, moe_input, router_logits) of each batch, in the order of tokens."""
    width = blocks[0].router_matrix.weight.shape[1]
    seen = {}

    def keep(key):
        def hook(_, arguments, named):
            values = arguments[0] if arguments else next(iter(named.values()))
            seen[key] = values.detach().reshape(-1, width)
        return hook

    hooks = []
    for block in blocks:
        # The module that holds the matrix comes last, so its own input wins over its router's,
        # which may norm it first. It is never called where the router uses the matrix directly.
        for kind, module in (("moe_input", block.module), ("router", block.router),
                             ("router", block.router_matrix)):
            hook = keep((kind, block.layer))
            hooks.append(module.register_forward_pre_hook(hook, with_kwargs=True))
    try:
        with torch.no_grad():
            first = 0
            for numbers in batches(tokens, options.batch):
                places = torch.stack([order[number] for number in numbers])
                part = torch.stack([tokens[number] for number in numbers]).gather(1, places)
                seen.clear()
                with computing(part):
                    model(input_ids=part.to(model.device), use_cache=False)
                # Row p of a shuffled sequence belongs to its token places[p]; put it there.
                offsets = torch.arange(len(places))[:, None] * places.shape[1]
                back = (places.argsort(dim=1) + offsets).flatten()
                for block in blocks:
                    moe_input = seen.get(("moe_input", block.layer))
                    router_input = seen.get(("router", block.layer))
                    if moe_input is None or len(moe_input) != part.numel() \
                            or router_input is None or len(router_input) != part.numel():
                        raise CaptureError(
                            f"{block.name}: did not see each token once; "
                            f"{model.config.model_type} is not built as this script expects")
                    yield (first, block, moe_input.cpu()[back],
                           router_logits(block.router_matrix, router_input).cpu()[back])
                first += part.numel()
    finally:
        for hook in hooks:
            hook.remove()


def router_logits(matrix, values):
    # Families return logits, probabilities or chosen weights in different places; x W^T is the same
    # in all of them. Single precision, as most families compute it whatever the model's own.
    bias = getattr(matrix, "bias", None)
    bias = bias.float() if isinstance(bias, torch.nn.Parameter) else None
    return torch.nn.functional.linear(values.float(), matrix.weight.float(), bias)


def write_rows(file, name, first, total, values, kind, may_bar=False):
    """Writes rows of a dataset, which is made with the first of them.

    A router bars an expert with a logit of -infinity: where that may be, it is no fault.
    """
    barred = values == -torch.inf if may_bar else torch.zeros_like(values, dtype=torch.bool)
    if not (values.isfinite() | barred).all():
        raise CaptureError(
            f"{name}: holds NaN or infinity; the model overflows, try --dtype float32")
    dtype = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}[kind]
    rows = values.to(dtype)
    if not (rows.isfinite() | barred).all():
        wider = "bf16 or f32" if kind == "f16" else "f32"
        raise CaptureError(
            f"{name}: {values.abs().max():g} does not fit in {kind.upper()}, whose largest is "
            f"{torch.finfo(dtype).max:g}; use --capture-dtype {wider}")
    rows = (rows.view(torch.uint16) if kind == "bf16" else rows).numpy()
    if name not in file:
        file.create_dataset(name, (total, rows.shape[1]), rows.dtype)
        if kind == "bf16":
            file[name].attrs["dtype"] = "BF16"
    file[name][first:first + len(rows)] = rows


# MARK: Gradients


def write_gradients(options, model, blocks, tokens):
    known = checkpoint_names(options.model)
    # Names first: a checkpoint that cannot be matched is to fail before the work.
    for block in blocks:
        as_checkpoint(model, {n: p.detach() for n, p in block.expert_parameters().items()}, known)
    loss = backward(model, blocks, tokens, options.batch)
    dtype = {"bf16": torch.bfloat16, "f32": torch.float32}[options.gradient_dtype]
    tensors = {}
    for block in blocks:
        gradients = {}
        for name, parameter in block.expert_parameters().items():
            # An expert with parameters of its own that saw no token has no gradient at all.
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            if not gradient.isfinite().all():
                raise CaptureError(
                    f"{name}: its gradient holds NaN or infinity; try --dtype float32")
            gradients[name] = gradient.to("cpu", dtype)
            parameter.grad = None
        for name, gradient in as_checkpoint(model, gradients, known).items():
            # A part of a stacked parameter shares its memory with all others: copy it.
            tensors[name] = gradient.clone(memory_format=torch.contiguous_format)
    count = sum(len(sequence) for sequence in tokens)
    metadata = {"format": "pt", "loss": f"{loss:.6f}", "tokens": str(count),
                "model": model_name(options.model), **provenance(options)}
    with whole_file(options.gradients) as path:
        save_file(tensors, path, metadata=metadata)
        sort_metadata(path)
    say(f"{options.gradients}: {len(tensors)} tensors, loss {loss:.6f}")


def as_checkpoint(model, tensors, known):
    """Gives tensors of the model's parameters the names and the cut that the checkpoint has."""
    # transformers holds the experts of a layer in one parameter. Its own way back, which
    # save_pretrained goes, splits them; a checkpoint that holds them stacked is left so.
    if known is None or not known.issuperset(tensors):
        tensors = revert_weight_conversion(model, tensors)
    strangers = sorted(set(tensors) - (known or set(tensors)))
    if strangers:
        raise CaptureError(
            f"the checkpoint has no tensor '{strangers[0]}', the name that transformers "
            f"{transformers.__version__} gives it; take a checkpoint with plain weights, or the "
            f"version that this script was tried with, {TRIED['transformers']}")
    return tensors


def backward(model, blocks, tokens, batch):
    """Leaves the gradient of the mean next-token loss in the experts; returns the loss."""
    model.requires_grad_(False)
    for block in blocks:
        for name, parameter in block.expert_parameters().items():
            if parameter.dtype not in (torch.float32, torch.bfloat16, torch.float16):
                raise CaptureError(
                    f"{name}: is quantised ({parameter.dtype}) and has no gradient; "
                    "take a checkpoint with plain weights")
            parameter.requires_grad_(True)
    predicted = sum(len(sequence) - 1 for sequence in tokens)
    loss = 0.0
    for numbers in batches(tokens, batch):
        part = torch.stack([tokens[number] for number in numbers])
        # Not the model's own loss, to which some families add a term that balances the experts.
        with computing(part):
            part = part.to(model.device)
            logits = model(input_ids=part, use_cache=False).logits[:, :-1].float()
            share = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), part[:, 1:].flatten(), reduction="sum") / predicted
            share.backward()
        loss += share.item()
    return loss


def checkpoint_names(model):
    """The names of the checkpoint's tensors; none where it is not in safetensors files."""
    try:
        index = cached_file(model, "model.safetensors.index.json")
        return set(json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"])
    except OSError:
        pass
    try:
        with safe_open(cached_file(model, "model.safetensors"), "pt") as file:
            return set(file.keys())
    except OSError:
        return None


def sort_metadata(path):
    """Sorts a header's metadata, which safetensors writes in another order every time."""
    with open(path, "r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) > size:
            raise CaptureError(
                f"{path}: its header cannot be written anew; take the version of safetensors that "
                f"this script was tried with, {TRIED['safetensors']}")
        file.seek(8)
        file.write(text.ljust(size))


# MARK: Around it


@contextlib.contextmanager
def computing(part):
    """Says in plain words what torch could not do with a batch of tokens."""
    try:
        yield
    except (RuntimeError, IndexError) as error:
        raise CaptureError(
            f"the model failed on {len(part)} sequences of {part.shape[1]} tokens: "
            f"{first_line(error)}; try a smaller --batch or --length") from error


@contextlib.contextmanager
def whole_file(path):
    """Lends a path beside `path`, which takes its name when all went well and goes otherwise."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        # safetensors lets nobody else read what it writes; give the file the usual rights.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, path)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be written: {first_line(error)}") from error
    finally:
        partial.unlink(missing_ok=True)


def provenance(options):
    return {"capture_version": VERSION, "torch_version": str(torch.__version__),
            "transformers_version": transformers.__version__, "model_dtype": options.dtype}


def model_name(model):
    """A folder's own name, so that no path of this machine gets into the files."""
    return Path(model).resolve().name if os.path.isdir(model) else model


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def say(text):
    print(f"capture: {text}", file=sys.stderr)


def main(options):
    # An end from outside is to remove unfinished files too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        for path in filter(None, (options.output, options.gradients)):
            if not path.parent.is_dir():
                raise CaptureError(f"{path}: there is no folder {path.parent}; make it first")
        model = open_model(options)
        blocks = find_blocks(model, options.layers)
        tokens = read_tokens(options, model)
        if options.output:
            write_activations(options, model, blocks, tokens)
        if options.gradients:
            write_gradients(options, model, blocks, tokens)
    except CaptureError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; nothing unfinished was kept")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(OPTIONS))
