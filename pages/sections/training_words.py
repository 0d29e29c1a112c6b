"""What a training is, where it stands, and what became of it, in words."""

from __future__ import annotations

from cnn_core.training import Run, TrainingConfig


def describe(config: TrainingConfig) -> str:
    """A training's settings in a line."""
    return (
        f"{config.dataset}; {config.network}; {config.update_rule} at {config.learning_rate:g}, batches of "
        f"{config.batch_size}, reg {config.reg:g}, seed {config.seed}"
    )


def status(run: Run, waiting: int = 0) -> str:
    """Where the run is, in a line. waiting: how many train before this one, if it is queued."""
    done, total = run.done, run.iterations
    step = f"step {done} of {total}, epoch {run.records[-1].epoch} of {run.config.num_epochs}" if done else "starting"
    reason = f", {run.message}" if run.message else ""
    match run.state:
        case "queued":
            return f"waiting: all cores are training; {waiting} before this one"
        case "finished":
            return f"finished after {done} steps{reason}"
        case "stopped":
            return f"stopped at {step}" if done else "stopped before the first step"
        case "interrupted":
            return f"interrupted at {step}, because {run.message}" if done else "interrupted before the first step"
        case "diverged" | "failed":
            return f"{run.state}: {run.message}"
        case "paused" if run.message:
            return f"{run.message}: {step}"
        case "running" if run.steps_per_second:
            left = (total - done) / run.steps_per_second
            return f"running: {step}; {run.steps_per_second:.3g} steps/s, {_duration(left)} to go"
    return f"{run.state}: {step}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def help_with(run: Run) -> str:
    """What usually helps a run that diverged, or learns nothing; empty: nothing to say."""
    if run.state == "diverged":
        return (
            "What usually helps: a learning rate of a tenth (**Film strip** can fork from a step before it went wrong), He or "
            "Xavier weights, batch norm, less L2."
        )
    last = next((r for r in reversed(run.records) if r.val_accuracy is not None), None)
    if last is None or last.val_accuracy is None or run.config.range_test:
        return ""
    classes = run.config.training_data().num_classes
    if last.val_accuracy >= 1.5 / classes:
        return ""
    epochs = "one epoch" if last.epoch == 1 else f"{last.epoch} epochs"
    return (
        f"After {epochs} no better than guessing one of {classes} classes. If the loss jumps or grows, try a "
        f"tenth of the learning rate; if it hardly moves, ten times as much. **Layers** shows whether gradients arrive."
    )
