// Runs SQL in ClickHouse, as a library. Standard input has a JSON list of statements, and
// standard output gets a list of results: rows, or an error.
const path = require("node:path");
const { Session } = require(path.join(process.env.RSTTRACE_ENGINES, "node_modules", "chdb"));

const session = new Session(process.argv[2]);
const statements = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const results = statements.map((statement) => {
  try {
    const lines = session.query(statement, "JSONEachRow").split("\n");
    return { rows: lines.filter((line) => line !== "").map((line) => JSON.parse(line)) };
  } catch (error) {
    return { error: String(error) };
  }
});
process.stdout.write(JSON.stringify(results));
session.cleanup();
