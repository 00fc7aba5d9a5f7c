package recording

import (
	"bytes"
	"encoding/json"
	"strings"
)

// lineWidth is the longest line on which a value is kept together: as a rule a
// kind of evidence is one line, and so is a scenario.
const lineWidth = 360

// layOut breaks compact JSON into lines: a value that fits on one stays on it,
// so that a difference shows what it is about.
func layOut(compact []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := lay(&out, bytes.TrimSpace(compact), "", 0); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// lay writes a value; before is what its line already has beside the indent.
func lay(out *bytes.Buffer, value []byte, indent string, before int) error {
	isList := value[0] == '[' || value[0] == '{'
	if !isList || indent != "" && len(indent)+before+len(value)+1 <= lineWidth {
		out.Write(value)
		return nil
	}
	parts, err := split(value)
	if err != nil {
		return err
	}
	out.WriteByte(value[0])
	inner := indent + "\t"
	for i, part := range parts {
		out.WriteString(strings.Repeat(",", min(i, 1)))
		out.WriteString("\n" + inner + part.key)
		if err := lay(out, part.value, inner, len(part.key)); err != nil {
			return err
		}
	}
	out.WriteString("\n" + indent)
	out.WriteByte(value[0] + 2) // the closing bracket, in ASCII
	return nil
}

type part struct {
	key   string // with quotes and colon; "" in an array
	value []byte
}

// split takes an array or object apart, in its order.
func split(value []byte) ([]part, error) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var parts []part
	for decoder.More() {
		var p part
		if value[0] == '{' {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key, err := json.Marshal(name)
			if err != nil {
				return nil, err
			}
			p.key = string(key) + ": "
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, err
		}
		p.value = raw
		parts = append(parts, p)
	}
	return parts, nil
}
