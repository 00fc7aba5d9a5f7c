package text

// remedies remembers in which line each remedy was last written.
type remedies struct {
	line map[string]uint64
}

// forgetRemedies bounds the memory, should remedies ever hold varying values.
const forgetRemedies = 256

// due reports whether remedy has to be written again at line, because it is
// not on the screen of so many rows; without a screen it always is. It notes
// the line if so.
func (r *remedies) due(remedy string, line uint64, rows int) bool {
	if remedy == "" {
		return false
	}
	if last, ok := r.line[remedy]; ok && rows > 0 && line < last+uint64(rows) {
		return false
	}
	if r.line == nil || len(r.line) >= forgetRemedies {
		r.line = make(map[string]uint64)
	}
	r.line[remedy] = line
	return true
}
