"""Python scripts to take along from a run: one repeats it on `cnn_core`, one uses its weights in PyTorch."""

from __future__ import annotations

import json
from pprint import pformat

import numpy as np

from cnn_core.network.pytorch import pytorch_code
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.export import describe
from cnn_core.training.progress import Progress

REPEAT = '''"""Repeats a ConvScope training up to step {last}: the same weights, to the bit on the same machine.

Save it in ConvScope's folder and run it there: python {file}{besides}
"""

from cnn_core.machine.threads import use_one_thread

use_one_thread()  # before NumPy is imported: more threads add up in another order

from itertools import islice
from pathlib import Path

from cnn_core.training import TrainingConfig
from cnn_core.training.checkpoint import Checkpoint, set_live
{imports}
config = TrainingConfig.from_dict(
    {config}
)
changes = {changes}  # (after how many steps, what, its new value)
solver = config.solver()
{begin}

def change(done):
    for iteration, name, value in changes:
        if iteration == done:
            set_live(solver, solver.model, name, value)


change(0)
for record in islice({steps}, {last}):
    if record.val_accuracy is not None:
        print(f"epoch {{record.epoch}}: loss {{record.loss:.4f}}, validation accuracy {{record.val_accuracy:.1%}}")
    change(record.iteration)

Checkpoint.of(solver, solver.model, {last}, 0.0).write(Path("{out}"))
'''

PYTORCH = '''"""A network that ConvScope trained on {dataset}, after {iteration} steps, in PyTorch.

Needs torch and safetensors: pip install torch safetensors
"""

import torch
from safetensors.torch import load_file

{code}

model.load_state_dict(load_file("{file}"), strict=True)
model.eval()

# What goes in: pixels from 0 to 1, float32 (N, {channels}, {height}, {width}), normalised channel by channel as in the training.
mean = torch.tensor({mean}).reshape(-1, 1, 1)
deviation = torch.tensor({deviation}).reshape(-1, 1, 1)


def scores(pixels):
    """The class scores (N, {classes}) of pictures."""
    with torch.no_grad():
        return model((pixels - mean) / deviation)
'''


def repeat_script(run: Progress, iteration: int, file: str, start: str) -> str:
    """A script that trains up to a step once more, with all changes on the way; a fork's past is part of it.

    file: its own name. start: that of the weights after 0 steps, a `weights_file`, which it reads if the run began
    with weights that do not come from its seed.
    """
    given = starts_with_given_weights(run)
    imports, begin, steps = "", "", "solver.steps()"
    if run.config.range_test:
        imports, steps = "from cnn_core.training.range_test import range_test_steps\n", "range_test_steps(solver)"
    if given:
        imports += "from cnn_core.training.uploads import begin_with, read_upload\n"
        begin = (
            f'begin_with(read_upload("{start}", Path("{start}").read_bytes()), config).restore(solver, solver.model)\n'
        )
    plain = json.loads(json.dumps(run.config.as_dict()))  # lists for tuples: as a reader would write them
    return REPEAT.format(
        last=iteration,
        file=file,
        besides=f"\nIt began with given weights: {start} has to be beside it." if given else "",
        imports=imports,
        config=pformat(plain, width=110, sort_dicts=False).replace("\n", "\n    "),
        changes=[(c.iteration, c.name, c.value) for c in run.changes if c.iteration < iteration],
        begin=begin,
        steps=steps,
        out=file.removesuffix(".py") + ".safetensors",
    )


def starts_with_given_weights(run: Progress) -> bool:
    """Whether the weights after 0 steps are others than the seed gives: uploaded ones.

    Raises ValueError or OSError for a first checkpoint that is damaged.
    """
    path = run.checkpoints.path(0)
    if not path.is_file():
        return False
    if (given := Checkpoint.given_in(path)) is not None:
        return given
    first, seeded = Checkpoint.read(path), run.config.model()  # a file of an older version does not say
    return any(not np.array_equal(first.params[name], array) for name, array in seeded.params.items())


def pytorch_script(run: Progress, iteration: int, file: str) -> str:
    """PyTorch code that builds the network and loads the weights of `file` beside it."""
    about, data = describe(run, iteration), run.config.training_data().dataset
    channels, height, width = data.image_shape
    return PYTORCH.format(
        dataset=run.config.dataset,
        iteration=iteration,
        code=pytorch_code(run.config.network, (channels, height, width), data.num_classes).strip(),
        file=file,
        channels=channels,
        height=height,
        width=width,
        classes=data.num_classes,
        mean=about["mean"],
        deviation=about["deviation"],
    )
