"""A page that stands open and is shown at another address: a third of the work of opening it."""

from __future__ import annotations

from playwright.sync_api import Page
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tools.browser import open_page, settle

FINISHED = ForwardMsg.DESCRIPTOR.fields_by_name["script_finished"].number
# The page's state may go to "running" and back within one frame: what the server says is counted instead. Of each message, the
# fields: a key, then a number, or as many bytes as the number says.
LISTEN = (
    f"const [FINISHED, DONE] = [{FINISHED}, {ForwardMsg.FINISHED_SUCCESSFULLY}];"
    """
const READ = (bytes) => {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let [shift, byte] = [0, 128]; byte > 127; shift += 7) value += ((byte = bytes[at++]) & 127) * 2 ** shift;
    return value;
  };
  const found = {};
  while (at < bytes.length) {
    const key = number(), value = number();
    if (key % 8 === 2) at += value;
    found[Math.floor(key / 8)] = value;
  }
  return found;
};
window.finished = 0;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (READ(new Uint8Array(data))[FINISHED] === DONE) window.finished++;
    });
  }
};"""
)
GO = """(address) => {
  window.finished = 0;
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
  return location.href === new URL(address).href;
}"""


def show_page(page: Page, address: str) -> None:
    """Open an address, or, where the page of the app stands open, go there as Back and Forward do; wait for it to settle.

    page: with LISTEN among its scripts; any other page is opened anew.
    """
    here = page.url.split("?")[0] == address.split("?")[0] and page.evaluate("'finished' in window")
    if not here:
        open_page(page, address)
        return
    settle(page)
    assert page.evaluate(GO, address), address
    page.wait_for_function("window.finished", polling=20)
    settle(page)
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    settle(page)
