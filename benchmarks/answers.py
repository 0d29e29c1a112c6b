"""What the benchmarks of pages share: when a page asked its server, and when it was answered."""

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
