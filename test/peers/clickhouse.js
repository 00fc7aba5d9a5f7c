// A small HTTP server in front of ClickHouse, which runs in this process as a library. It
// takes what rsttrace sends to a real server: POST /?query=..., with settings in the URL,
// a password in headers, and a body with or without gzip.
//
//   node clickhouse.js FOLDER USER PASSWORD
//
// The first line of its output is its port.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const zlib = require("node:zlib");
const { Session } = require(path.join(process.env.RSTTRACE_ENGINES, "node_modules", "chdb"));

const [folder, user, password] = process.argv.slice(2);
const session = new Session(path.join(folder, "data"));

// insert has the library read the body from a file: it has no other way to be given lines.
function insert(query, settings, body) {
  const [, into, format] = /^(INSERT INTO [\w.]+) (FORMAT \w+)$/.exec(query);
  const file = path.join(folder, "body");
  fs.writeFileSync(file, body);
  const list = settings.map(([name, value]) => `${name} = '${value}'`).join(", ");
  return session.query(`${into} FROM INFILE '${file}' SETTINGS ${list} ${format}`);
}

function answer(request, body) {
  const url = new URL(request.url, "http://localhost");
  const settings = [...url.searchParams].filter(([name]) => name !== "query");
  const query = url.searchParams.get("query");
  if (query === null) {
    return session.query(body.toString(), "JSONEachRow");
  }
  return insert(query, settings, body);
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    if (request.headers["x-clickhouse-user"] !== user || request.headers["x-clickhouse-key"] !== password) {
      response.writeHead(403, { "X-ClickHouse-Exception-Code": "516" });
      response.end("Code: 516. DB::Exception: Authentication failed\n");
      return;
    }
    try {
      const body = Buffer.concat(parts);
      response.end(answer(request, request.headers["content-encoding"] === "gzip" ? zlib.gunzipSync(body) : body));
    } catch (error) {
      const code = /Code: (\d+)/.exec(String(error));
      response.writeHead(500, { "X-ClickHouse-Exception-Code": code ? code[1] : "0" });
      response.end(String(error));
    }
  });
});
server.requestTimeout = 0;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
