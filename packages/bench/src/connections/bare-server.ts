import uWS from "uWebSockets.js";

/** The least a WebSocket server of uWebSockets.js is: it greets, and keeps nothing of its own about a connection. */
uWS
  .App()
  .ws("/ws", {
    idleTimeout: 960,
    sendPingsAutomatically: true,
    open: (socket) => {
      socket.send('{"type":"hello"}', false);
    },
  })
  .listen("127.0.0.1", 0, (listening) => {
    if (listening === false) throw new Error("the bare server found no free port");
    console.log(`ready http://127.0.0.1:${uWS.us_socket_local_port(listening)}`);
  });
