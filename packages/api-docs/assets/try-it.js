/** The box that sends a chat to the server that the page came from. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const MAX_FRAMES_SHOWN = 500;

  const form = byId("try-form");
  const sendButton = form.querySelector("button[type=submit]");
  const cancelButton = byId("try-cancel");
  const TERMINAL = new Set(["turn.completed", "turn.failed", "turn.cancelled"]);

  /** What ends the attempt that runs; undefined while none does. */
  let cancel;
  let frameCount = 0;

  const createId = (prefix) => {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    return prefix + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  form.elements.sessionId.value = createId("docs-");
  form.hidden = false;
  cancelButton.addEventListener("click", () => cancel?.());
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sendButton.disabled) void run();
  });

  async function run() {
    const fields = Object.fromEntries(new FormData(form));
    const options = {};
    if (fields.mode !== "") options.mode = fields.mode;
    if (fields.model.trim() !== "") options.model = fields.model.trim();
    const turn = { turnId: createId("docs-"), sessionId: fields.sessionId, input: { text: fields.text }, options };
    const token = fields.token.trim();

    byId("try-output").hidden = false;
    byId("try-answer").textContent = "";
    byId("try-frames").replaceChildren();
    byId("try-count").textContent = "0";
    frameCount = 0;
    say("Sending …");
    sendButton.disabled = true;
    cancelButton.disabled = false;
    const startedAt = performance.now();
    try {
      const ways = { websocket: chatOverWebSocket, stream: chatOverStream, json: chatOverJson };
      const ending = await ways[fields.way](turn, token);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
      if (ending.type === "turn.completed") say(`Completed in ${seconds} s by ${ending.metadata.model}.`);
      else if (ending.type === "turn.cancelled") say("Cancelled.");
      else say(`Failed with ${ending.code}: ${ending.message}`, "failed");
    } catch (error) {
      say(error.message, "failed");
    } finally {
      cancel = undefined;
      sendButton.disabled = false;
      cancelButton.disabled = true;
    }
  }

  function say(text, kind = "") {
    const state = byId("try-state");
    state.textContent = text;
    state.dataset.kind = kind;
  }

  /** Lists a frame, newest last; the oldest go when there are many. */
  function note(direction, name, value) {
    const list = byId("try-frames");
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const entry = document.createElement("li");
    for (const [tag, text] of [
      ["span", direction === "out" ? "→" : "←"],
      ["strong", name],
      ["code", typeof value === "string" ? value : JSON.stringify(value)],
    ]) {
      entry.append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    list.append(entry);
    if (list.childElementCount > MAX_FRAMES_SHOWN) list.firstElementChild.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
    frameCount += 1;
    byId("try-count").textContent = String(frameCount);
  }

  /** Shows what a server frame adds to the answer. */
  function show(frame) {
    const answer = byId("try-answer");
    if (frame.type === "turn.started") {
      answer.textContent = "";
      say(`Answering with ${frame.model} …`);
    } else if (frame.type === "turn.delta" && frame.agent === undefined) answer.append(frame.text);
    else if (frame.type === "turn.completed") answer.textContent = frame.output.text;
  }

  function chatOverWebSocket(turn, token) {
    return new Promise((resolve, reject) => {
      const url = new URL("/ws", location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const protocols = token === "" ? ["orchestra.v2"] : ["orchestra.v2", `bearer.${token}`];
      let socket;
      try {
        socket = new WebSocket(url, protocols);
      } catch {
        reject(new Error("A token may not have these characters."));
        return;
      }
      const send = (frame) => {
        note("out", frame.type, frame);
        socket.send(JSON.stringify(frame));
      };
      cancel = () => {
        if (socket.readyState === WebSocket.OPEN) {
          send({ type: "turn.cancel", turnId: turn.turnId, sessionId: turn.sessionId });
        } else socket.close();
      };
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data);
        note("in", frame.type, frame);
        show(frame);
        if (frame.type === "hello") send({ type: "turn.start", ...turn });
        if (TERMINAL.has(frame.type) || (frame.type === "error" && frame.turnId === turn.turnId)) {
          resolve(frame);
          socket.close(1000);
        }
      });
      socket.addEventListener("close", ({ code, reason }) => {
        note("in", "close", `${code} ${reason}`);
        reject(new Error(`The connection ended with ${code}${reason === "" ? "" : `: ${reason}`}.`));
      });
    });
  }

  async function chatOverStream(turn, token) {
    const { response, aborted } = await post(turn, token, "text/event-stream");
    let ending;
    let rest = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const data = block.split("\n").find((line) => line.startsWith("data: "));
          if (data === undefined) continue;
          const frame = JSON.parse(data.slice("data: ".length));
          note("in", frame.type, frame);
          show(frame);
          if (TERMINAL.has(frame.type) || frame.type === "error") ending = frame;
        }
      }
    } catch (error) {
      if (aborted()) return { type: "turn.cancelled" };
      throw error;
    }
    if (ending === undefined) throw new Error("The stream ended early.");
    return ending;
  }

  async function chatOverJson(turn, token) {
    try {
      const { response } = await post(turn, token, "application/json");
      const frame = await response.json();
      note("in", String(response.status), frame);
      show(frame);
      return frame;
    } catch (error) {
      if (error.name === "AbortError") return { type: "turn.cancelled" };
      throw error;
    }
  }

  /** A client that goes away cancels its turn, so aborting the request is all that a cancel needs. */
  async function post(turn, token, accept) {
    const controller = new AbortController();
    cancel = () => controller.abort();
    note("out", "POST /v2/chat", turn);
    const response = await fetch("/v2/chat", {
      method: "POST",
      signal: controller.signal,
      headers: {
        accept,
        "content-type": "application/json",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(turn),
    });
    if (!response.ok) {
      const body = await response.json();
      note("in", String(response.status), body);
      throw new Error(`${response.status} ${body.error.code}: ${body.error.message}`);
    }
    return { response, aborted: () => controller.signal.aborted };
  }
})();
