package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/pcapng"
	sink "github.com/rsttrace/rsttrace/internal/sink/report"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// writers write what was chosen on the screen, by the end of the file's name.
var writers = map[string]func(view.Write) error{
	".pcapng": writePackets,
	".jsonl":  writeLines,
	".html":   writePage,
}

// writeChosen writes a new file, and says what is in it.
func writeChosen(w view.Write) (string, error) {
	if err := writers[filepath.Ext(w.Path)](w); err != nil {
		return "", err
	}
	return "written: " + w.Path + ", " + strconv.Itoa(len(w.Events)) + " events", nil
}

// give gives what was chosen to a sink.
func give(w *view.Write, to event.Sink) error {
	for _, e := range w.Events {
		if err := to.Event(e); err != nil {
			return err
		}
	}
	for _, f := range w.Findings {
		whole := f.Clone()
		whole.Phase = event.FindingTotal
		if err := to.Finding(whole); err != nil {
			return err
		}
	}
	return to.Flush(time.Now())
}

func writePackets(w view.Write) error {
	files, err := pcapng.Create(w.Path, false, 0)
	if err != nil {
		return err
	}
	return errors.Join(give(&w, pcapng.New(files, (&recordFlags{}).options())), files.Close())
}

func writeLines(w view.Write) error {
	return writeNew(w.Path, func(file *os.File) error {
		return give(&w, jsonl.New(file, jsonl.Options{Evidence: true}))
	})
}

func writePage(w view.Write) error {
	return writeNew(w.Path, func(file *os.File) error {
		page := sink.New(sink.Options{Version: version, Sources: []string{"rsttrace top"}, Filtered: true})
		if err := give(&w, page); err != nil {
			return err
		}
		return page.Write(file)
	})
}

// writeNew makes a file that only this user can read. One that is there stays.
func writeNew(path string, write func(*os.File) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists: give another name, or remove it", path)
	}
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
