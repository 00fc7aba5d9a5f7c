package otlp

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of the fields in opentelemetry/proto.
const (
	requestResourceLogs protowire.Number = 1 // ExportLogsServiceRequest

	resourceLogsResource  protowire.Number = 1 // ResourceLogs
	resourceLogsScopeLogs protowire.Number = 2

	resourceAttributes protowire.Number = 1 // Resource

	scopeLogsScope   protowire.Number = 1 // ScopeLogs
	scopeLogsRecords protowire.Number = 2

	scopeName    protowire.Number = 1 // InstrumentationScope
	scopeVersion protowire.Number = 2

	recordTime         protowire.Number = 1 // LogRecord
	recordSeverity     protowire.Number = 2
	recordSeverityText protowire.Number = 3
	recordBody         protowire.Number = 5
	recordAttributes   protowire.Number = 6
	recordObservedTime protowire.Number = 11
	recordEventName    protowire.Number = 12

	keyValueKey   protowire.Number = 1 // KeyValue
	keyValueValue protowire.Number = 2

	anyString protowire.Number = 1 // AnyValue
	anyBool   protowire.Number = 2
	anyInt    protowire.Number = 3
	anyArray  protowire.Number = 5

	arrayValues protowire.Number = 1 // ArrayValue

	responsePartialSuccess protowire.Number = 1 // ExportLogsServiceResponse
	partialRejected        protowire.Number = 1 // ExportLogsPartialSuccess
	partialMessage         protowire.Number = 2
)

// message is protobuf that grows. Its methods leave out what is the zero value.
type message []byte

func (m message) text(field protowire.Number, value string) message {
	if value == "" {
		return m
	}
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), valid(value))
}

func (m message) number(field protowire.Number, value uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), value)
}

func (m message) fixed64(field protowire.Number, value uint64) message {
	return protowire.AppendFixed64(protowire.AppendTag(m, field, protowire.Fixed64Type), value)
}

func (m message) inner(field protowire.Number, content []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), content)
}

func valid(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// attributes are pairs of name and value in a message, in the field of that number.
type attributes struct {
	message
	field protowire.Number
	value message // room
	pair  message // room
}

func (a *attributes) add(key string, value message) {
	a.pair = a.pair[:0].text(keyValueKey, key).inner(keyValueValue, value)
	a.message = a.inner(a.field, a.pair)
	a.value = value
}

func (a *attributes) text(key, value string) {
	if value != "" {
		a.add(key, a.value[:0].text(anyString, value))
	}
}

func (a *attributes) number(key string, value uint64) {
	if value != 0 {
		a.numberAlways(key, value)
	}
}

func (a *attributes) numberAlways(key string, value uint64) {
	a.add(key, a.value[:0].number(anyInt, value))
}

// truth leaves out what is not true.
func (a *attributes) truth(key string, value bool) {
	if value {
		a.add(key, a.value[:0].number(anyBool, 1))
	}
}

func (a *attributes) texts(key string, values []string) {
	if len(values) == 0 {
		return
	}
	var list message
	for _, value := range values {
		list = list.inner(arrayValues, message(nil).text(anyString, value))
	}
	a.add(key, a.value[:0].inner(anyArray, list))
}
