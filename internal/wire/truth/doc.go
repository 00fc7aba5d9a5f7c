// Package truth compares what packages wire says of a RST with what really was. The lab
// plays a scenario, whose causes are known, and a capture runs beside it. Nobody else
// has captures with known causes.
//
// testdata/lab.tar.gz has the captures, as pcap files, and what happened in each, as JSON.
// "go run ./tools/wiretruth" plays the lab and writes it. The table in docs/wire.md comes
// from it: go test ./internal/wire/truth -update.
package truth
