package jsonl

import "time"

// moments writes times, and knows what else begins every line. Most events come in the second of the one before, whose
// date and time of day stand already.
type moments struct {
	second int64 // of the Unix time
	text   [len("2006-01-02T15:04:05.")]byte
	known  bool
}

// append writes t as a JSON string, always with nine decimals, so that lines sort
// as text. Years have four digits.
func (m *moments) append(l line, name string, t time.Time) line {
	if second := t.Unix(); second != m.second || !m.known {
		m.second, m.known = second, true
		m.write(t.UTC())
	}
	l = append(append(l, name...), '"')
	l = appendDigits(append(l, m.text[:]...), t.Nanosecond(), 9)
	return append(l, 'Z', '"', ',')
}

func (m *moments) write(t time.Time) {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	text := append(appendDigits(m.text[:0], year, 4), '-')
	text = append(appendDigits(text, int(month), 2), '-')
	text = append(appendDigits(text, day, 2), 'T')
	text = append(appendDigits(text, hour, 2), ':')
	text = append(appendDigits(text, minute, 2), ':')
	_ = append(appendDigits(text, second, 2), '.')
}

// appendDigits appends n with zeros in front.
func appendDigits(buf []byte, n, width int) []byte {
	buf = append(buf, "000000000"[:width]...)
	for i := len(buf) - 1; n > 0; i, n = i-1, n/10 {
		buf[i] = byte('0' + n%10)
	}
	return buf
}
