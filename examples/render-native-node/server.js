// Serves the page that the build made, and tells where it runs.
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const page = readFileSync("page.html");

async function main() {
  const { default: mime } = await import("mime");
  createServer((request, response) => {
    if (request.url === "/where") {
      const { NODE_ENV } = process.env;
      response.setHeader("Content-Type", mime.getType("json"));
      response.end(JSON.stringify({ directory: process.cwd(), line: process.versions.node.split(".")[0], NODE_ENV }));
      return;
    }
    response.setHeader("Content-Type", mime.getType("html"));
    response.end(page);
  }).listen(process.env.PORT, "0.0.0.0", () => console.log("listening"));
}

main();
