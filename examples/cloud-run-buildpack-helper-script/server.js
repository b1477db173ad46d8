const http = require("http");
const ms = require("ms");

http
  .createServer((_, to) => to.setHeader("Content-Type", "application/json").end(JSON.stringify({ second: ms("1s") })))
  .listen(process.env.PORT, "0.0.0.0", () => console.log("listening on", process.env.PORT));
