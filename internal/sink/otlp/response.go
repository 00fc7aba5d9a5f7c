package otlp

import (
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink"
)

// later reports whether the protocol calls an error retryable.
func later(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// partial reads an ExportLogsServiceResponse: the server may have refused some records.
// What is no such message says nothing.
func partial(response []byte) error {
	rejected, why := int64(0), ""
	each(response, func(field protowire.Number, kind protowire.Type, value []byte) {
		if field != responsePartialSuccess || kind != protowire.BytesType {
			return
		}
		inner, _ := protowire.ConsumeBytes(value)
		each(inner, func(field protowire.Number, kind protowire.Type, value []byte) {
			switch {
			case field == partialRejected && kind == protowire.VarintType:
				n, _ := protowire.ConsumeVarint(value)
				rejected = int64(n)
			case field == partialMessage && kind == protowire.BytesType:
				text, _ := protowire.ConsumeBytes(value)
				why = printable.Text(strings.ToValidUTF8(string(text), ""))
			}
		})
	})
	if rejected <= 0 && why == "" {
		return nil
	}
	if why == "" {
		why = "it does not say why"
	}
	return &sink.LostError{Items: uint64(max(rejected, 0)), Err: fmt.Errorf("the server refuses records: %s", why)}
}

// each calls a function with the fields of a message, up to the first that is broken.
func each(m []byte, use func(field protowire.Number, kind protowire.Type, value []byte)) {
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return
		}
		m = m[n:]
		size := protowire.ConsumeFieldValue(field, kind, m)
		if size < 0 {
			return
		}
		use(field, kind, m[:size])
		m = m[size:]
	}
}
