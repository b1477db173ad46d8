// Answers every request.
require("node:http")
  .createServer((request, response) => response.end("ok"))
  .listen(process.env.PORT, "0.0.0.0");
