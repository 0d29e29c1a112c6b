"""Driving the player: go to steps, read numbers off the page, find cells on a canvas."""

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.standing import show_page

NUMBER = re.compile(r"(?<![\w.])−?\d+(?:\.\d+)?")


def numbers(text):
    """The numbers of a text as they are written, with their true minus signs."""
    return [Decimal(n.replace("−", "-")) for n in NUMBER.findall(text)]


def open_walk(page, address):
    """Show a page and wait until its player shows a step, and has drawn all of it."""
    show_page(page, address)
    player = page.locator(".player")
    expect(player).to_have_attribute("data-step", re.compile(r"\d+"))
    return player


def count(player):
    return int(player.get_attribute("data-count"))


def at(player, step, stage=None):
    """The player stands at this step (from 0), and says so."""
    expect(player).to_have_attribute("data-step", str(step))
    expect(player.locator(".where")).to_contain_text(f"step {step + 1} of {player.get_attribute('data-count')}")
    if stage is not None:
        expect(player).to_have_attribute("data-stage", str(stage))


def go(player, step):
    """Scrub to a step."""
    player.locator(".scrub").fill(str(step))
    at(player, step)


def canvas(player, grid, plane=0):
    return player.locator(f'.planes figure[data-grid="{grid}"] canvas:not(.linked)').nth(plane)


def place(player, grid, index, plane=0):
    """Where the middle of a cell is on its canvas."""
    return canvas(player, grid, plane).evaluate(
        """(canvas, index) => { const { player } = canvas.getRootNode().querySelector(".player");
             const plane = player.stage.planes.find((p) => p.canvas === canvas);
             const { cell, grid } = plane;
             return { x: (index % grid.columns + 0.5) * cell, y: (Math.floor(index / grid.columns) + 0.5) * cell } }""",
        index,
    )


def hover(player, grid, index, plane=0):
    canvas(player, grid, plane).hover(position=place(player, grid, index, plane))
    expect(player).to_have_attribute("data-linked", f"{grid},{plane},{index}")


def linked(player):
    """The cells that are outlined now, {(grid, plane, index): note}."""
    found = player.evaluate(
        """el => { const { pointer } = el.player; const cell = pointer.hovered ?? pointer.cursor ?? pointer.pinned;
             return cell ? pointer.links.of(cell.name, cell.plane, cell.index).marks : {} }"""
    )
    return {(grid, mark["plane"], mark["index"]): mark.get("note") for grid, marks in found.items() for mark in marks}


def outlined(player, grid, plane=0):
    """Is anything drawn on the layer above a plane?"""
    return canvas(player, grid, plane).evaluate(
        """canvas => { const over = canvas.nextElementSibling;
             return over.width > 0 && over.getContext("2d").getImageData(0, 0, over.width, over.height).data.some((v) => v) }"""
    )
