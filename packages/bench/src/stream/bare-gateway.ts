import { connect } from "@nats-io/transport-node";
import uWS from "uWebSockets.js";

/**
 * The bare loop's front: a WebSocket message becomes one NATS message, and every NATS message of the connection's
 * subject becomes one WebSocket message. Nothing is validated, limited, stored or resumed.
 */
const bus = await connect({ servers: process.env["NATS_URL"] });
let connections = 0;

interface BareSocket {
  subject: string;
  unsubscribe: () => void;
}

uWS
  .App()
  .ws<BareSocket>("/ws", {
    open: (socket) => {
      const data = socket.getUserData();
      connections += 1;
      data.subject = `bare.events.${connections}`;
      const subscription = bus.subscribe(data.subject, {
        callback: (_error, message) => {
          socket.send(message.data, false);
        },
      });
      data.unsubscribe = () => subscription.unsubscribe();
    },
    message: (socket, message) => {
      bus.publish("bare.turns", new Uint8Array(message.slice(0)), { reply: socket.getUserData().subject });
    },
    close: (socket) => socket.getUserData().unsubscribe(),
  })
  .listen("127.0.0.1", 0, (listening) => {
    if (listening === false) throw new Error("the bare gateway found no free port");
    console.log(`ready http://127.0.0.1:${uWS.us_socket_local_port(listening)}`);
  });
