"""What the benchmarks of pages share: when a page asked its server, and when it was answered."""

from playwright.sync_api import Browser, Page

# When the page asks its server for something, and when the last answer to it came: seen on the socket itself.
LISTEN = """() => {
  const send = WebSocket.prototype.send;
  window.asked = window.answered = 0;
  WebSocket.prototype.send = function (...data) {
    if (!this.heard) this.addEventListener("message", () => { window.answered = performance.now() });
    this.heard = true;
    window.asked = performance.now();
    return send.apply(this, data);
  };
}"""


def listening_tab(browser: Browser) -> Page:
    """A tab that knows when it has asked the server and when the answer came, and can press keys by itself."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(f"({LISTEN})()")
    page.expose_function("press", page.keyboard.press)
    return page
