"""Any step of a run made again, to the same bits: from the checkpoint below it, with the changes made on the way.

What a step sees and what it leaves to chance follow from the run's seed and the step's number (`Solver`), so the weights and
the optimizer's memory at an earlier step are all that has to be kept.
"""

from __future__ import annotations

from collections.abc import Callable

from cnn_core.checks import whole
from cnn_core.solver import DivergedError, Solver, StepRecord
from cnn_core.training.checkpoint import Checkpoint, set_live
from cnn_core.training.progress import Progress
from cnn_core.training.range_test import range_test_rate

OnStep = Callable[[int, int], None]  # told after each step how many are made again, and of how many


def checkpoint_before(run: Progress, step: int) -> int:
    """The last checkpoint from which a step of the run, counted from 1, can be made again. Raises ValueError where there is
    none, or where the step was not trained."""
    _check_trained(run, step)
    if (found := run.checkpoints.latest(step - 1)) is not None:
        return found
    kept = run.checkpoints.iterations()
    remedy = f"take step {kept[0] + 1} or a later one" if kept and kept[0] < run.done else "none of this run can be"
    raise ValueError(
        f"step (={step}) cannot be replayed, as no checkpoint of a step before it is there any more: {remedy}"
    )


def resumed(run: Progress, before: Checkpoint) -> Solver:
    """The run's solver as a checkpoint has it, ready for the next step: what was changed at this point is changed.

    Raises ValueError where the run's data set is gone, or does not fit.
    """
    solver = run.config.solver()
    before.restore(solver, solver.model)  # type: ignore[arg-type]  # `TrainingConfig.solver` makes a Network
    _change(run, solver, before.iteration)
    return solver


def make_again(run: Progress, solver: Solver, step: int) -> StepRecord:
    """Let the solver, which is at the step before, take this one as the run did.

    Raises ValueError for a step that was not trained, and where its loss is another than the run's was: then it was trained
    where numbers are rounded otherwise.
    """
    _check_trained(run, step)
    if run.config.range_test:
        solver.optimizer.learning_rate = range_test_rate(step)
    try:
        record = solver.step(step)
    except DivergedError as error:
        raise ValueError(f"step (={step}) does not come out as it was trained: {error}") from None
    then = run.records[step - 1]
    if (record.data_loss, record.reg_loss) != (then.data_loss, then.reg_loss):
        raise ValueError(
            f"step (={step}) does not come out to the bit, but with the loss {record.loss!r} instead of {then.loss!r}: the run "
            f"was trained on another machine, with another NumPy or another number of threads; replay it there"
        )
    return record


def replay(
    run: Progress, iteration: int, *, begin: Checkpoint | None = None, on_step: OnStep | None = None
) -> Checkpoint:
    """The state of the run after so many steps, 0 or more, whether a checkpoint was kept or not.

    begin: an earlier state to go on from; None: the last checkpoint up to there. Raises ValueError for a step that was not
    trained, that no checkpoint leads to, or that does not come out as it did (`make_again`), and for a file that is damaged or
    gone; OSError for one that cannot be read.
    """
    if begin is None:
        path = run.checkpoints.path(iteration)
        if not path.is_file():
            path = run.checkpoints.path(checkpoint_before(run, iteration))
        try:
            begin = Checkpoint.read(path)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from None
    solver = resumed(run, begin)
    for step in range(begin.iteration + 1, iteration + 1):
        if step - 1 > begin.iteration:
            _change(run, solver, step - 1)
        make_again(run, solver, step)
        if on_step is not None:
            on_step(step - begin.iteration, iteration - begin.iteration)
    return Checkpoint.of(solver, solver.model, iteration, begin.seconds)  # type: ignore[arg-type]


def _check_trained(run: Progress, step: int) -> None:
    if whole("step", step, 1) > run.done:
        raise ValueError(f"step (={step}) must be one that was trained: this run has {run.done} so far")


def _change(run: Progress, solver: Solver, done: int) -> None:
    for change in run.changes:
        if change.iteration == done:
            set_live(solver, solver.model, change.name, change.value)  # type: ignore[arg-type]
