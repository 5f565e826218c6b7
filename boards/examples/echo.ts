// A service as a user would write one: it answers every datagram (the echo service, RFC 862) with the
// name of the board it runs on before the text. It knows nothing of softset. Usage: echo.ts PORT

import { createSocket } from "node:dgram";
import { hostname } from "node:os";

const port = Number(process.argv[2] ?? "7");
const socket = createSocket("udp4");
socket.on("message", (text, from) => {
  socket.send(`${hostname()} ${text.toString("latin1")}`, from.port, from.address);
});
socket.bind(port);
