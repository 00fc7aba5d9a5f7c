package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/clickhouse"
	"github.com/rsttrace/rsttrace/internal/sink/file"
	"github.com/rsttrace/rsttrace/internal/sink/journal"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/otlp"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// commonSinkOptions are those of every sink.
var commonSinkOptions = []sinkOption{
	{name: "type", needed: true, help: "what it is", example: "file"},
	{name: "name", help: "its label in the metrics, if not its type", example: "audit-log"},
	{name: "filter", help: "only these events, and findings whose first event matches", example: "sent and port 443", check: checkFilter},
}

var sinkTypes = []sinkType{
	{
		name: "stdout", help: "the standard output of rsttrace",
		options: []sinkOption{{name: "format", help: "json or text", example: "text", check: oneOf(formatNames()...)}},
		open:    openStdoutSink,
	},
	{
		name: "file", help: "a file of JSON lines",
		options: []sinkOption{
			{name: "path", needed: true, help: "the file", example: "/var/log/rsttrace/resets.jsonl"},
			{name: "size", help: "begin a new file at this size", example: "100M", check: checkSinkSize},
			{name: "keep", help: "how many older files to keep", example: "5", check: checkCount},
		},
		open: openFileSink,
	},
	{
		name: "journal", help: "the journal of systemd, with fields to search for",
		options: []sinkOption{{name: "socket", help: "its socket, if not the usual one", example: "/run/systemd/journal/socket"}},
		open:    openJournalSink,
	},
	{
		name: "otlp", help: "a collector of OpenTelemetry, over HTTP",
		options: append([]sinkOption{
			{name: "endpoint", needed: true, help: "its URL; without a path, /v1/logs is added", example: "http://localhost:4318", check: otlp.CheckEndpoint},
			{name: "headers", help: "what is sent with each request", example: "authorization=Bearer%20123,x-tenant=shop", check: checkValues, secret: true},
			{name: "resource", help: "attributes that every record has, besides those in OTEL_RESOURCE_ATTRIBUTES", example: "k8s.node.name=worker-7", check: checkValues},
		}, postedOptions...),
		delay: time.Second,
		open:  openOTLPSink,
	},
	{
		name: "clickhouse", help: "a table of ClickHouse, over HTTP",
		options: append([]sinkOption{
			{name: "address", needed: true, help: "the URL of its HTTP interface", example: "http://localhost:8123", check: clickhouse.CheckAddress},
			{name: "table", help: "the database and the table, if not " + clickhouse.DefaultTable, example: "net.resets", check: clickhouse.CheckTable},
			{name: "user", help: "its user, if not default", example: "rsttrace"},
			{name: "password-file", help: "a file with the password of the user; it is read for each request", example: "/etc/rsttrace/clickhouse-password"},
			{name: "settings", help: "settings of ClickHouse for each INSERT", example: "async_insert=1", check: checkValues},
		}, postedOptions...),
		delay: time.Second,
		open:  openClickHouseSink,
	},
}

// postedOptions are those of every sink that sends by HTTP.
var postedOptions = []sinkOption{
	{name: "ca-file", help: "the certificates that the server's must come from", example: "/etc/rsttrace/ca.pem"},
	{name: "compression", help: "gzip or none", example: "none", check: oneOf("gzip", "none")},
	{name: "timeout", help: "for how long a request may take", example: "10s", check: checkTime},
	{name: "batch", help: "how many records a request has at most", example: "512", check: checkCount},
}

func openStdoutSink(o sinkOptions, to sinkPlace) (event.Sink, error) {
	if o["format"] == "text" {
		output := outputFlags{format: "text", folded: true}
		return output.open(to.stdout), nil
	}
	return jsonl.New(to.stdout, jsonl.Options{}), nil
}

func openFileSink(o sinkOptions, to sinkPlace) (event.Sink, error) {
	size, _ := parseSize(o["size"])
	keep, _ := strconv.Atoi(o["keep"])
	return file.New(file.Options{Path: o["path"], Size: size, Keep: keep})
}

func openJournalSink(o sinkOptions, to sinkPlace) (event.Sink, error) {
	return journal.New(journal.Options{Socket: o["socket"]})
}

func openOTLPSink(o sinkOptions, to sinkPlace) (event.Sink, error) {
	timeout, _ := time.ParseDuration(o["timeout"])
	batch, _ := strconv.Atoi(o["batch"])
	headers, err := pairs("headers", o["headers"])
	if err != nil {
		return nil, err
	}
	resource, err := pairs("OTEL_RESOURCE_ATTRIBUTES", os.Getenv("OTEL_RESOURCE_ATTRIBUTES"))
	if err != nil {
		return nil, err
	}
	own, err := pairs("resource", o["resource"])
	if err != nil {
		return nil, err
	}
	maps.Copy(resource, own)
	return otlp.New(otlp.Options{
		Endpoint: o["endpoint"], Headers: headers, CAFile: o["ca-file"], Plain: o["compression"] == "none", Timeout: timeout, Batch: batch,
		Host: to.host, Version: versionText(), Resource: resource,
	})
}

func openClickHouseSink(o sinkOptions, _ sinkPlace) (event.Sink, error) {
	timeout, _ := time.ParseDuration(o["timeout"])
	batch, _ := strconv.Atoi(o["batch"])
	settings, err := pairs("settings", o["settings"])
	if err != nil {
		return nil, err
	}
	return clickhouse.New(clickhouse.Options{
		Address: o["address"], Table: o["table"], User: o["user"], PasswordFile: o["password-file"], Settings: settings,
		CAFile: o["ca-file"], Plain: o["compression"] == "none", Timeout: timeout, Batch: batch, Version: versionText(),
	})
}

// pairs reads name=value,name=value. Nothing is no pair.
func pairs(what, text string) (map[string]string, error) {
	if text == "" {
		return make(map[string]string), nil
	}
	values, err := otlp.ParsePairs(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return values, nil
}

func checkValues(text string) error {
	_, err := otlp.ParsePairs(text)
	return err
}

func checkTime(text string) error {
	if span, err := time.ParseDuration(text); err != nil || span <= 0 {
		return errors.New("want a time such as 10s")
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("want one of %s", strings.Join(words, ", "))
		}
		return nil
	}
}

func checkFilter(text string) error {
	if _, err := filter.Parse(text, thisHost()); err != nil {
		return errors.New(errorLine(err))
	}
	return nil
}

func checkSinkSize(text string) error {
	if size, ok := parseSize(text); !ok || size < rotateMin {
		return errors.New("want a size of 1M or more, such as 100M")
	}
	return nil
}

func checkCount(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 {
		return errors.New("want a number of 1 or more")
	}
	return nil
}
